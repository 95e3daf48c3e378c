"""Words of many languages, and the encodings that people write them in."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping

WORDS: Mapping[str, str] = {
    "German": (
        "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit "
        "Vernunft und Gewissen begabt und sollen einander im Geist der Brüderlichkeit "
        "begegnen. München Köln Düsseldorf Nürnberg Straße Größe Schöne Grüße Jörg Müller "
        "Käse Äpfel Öl Übung weiß heißt für über natürlich können "
    ),
    "French": (
        "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont "
        "doués de raison et de conscience et doivent agir les uns envers les autres dans un "
        "esprit de fraternité. Orléans Besançon François Hélène Noël garçon château hôtel où "
        "déjà naïve forêt théâtre première élève français été après "
    ),
    "Spanish": (
        "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados "
        "como están de razón y conciencia, deben comportarse fraternalmente los unos con los "
        "otros. Muñoz Peña España año niño mañana García López Martínez corazón también "
        "público según pingüino acción teléfono "
    ),
    "Portuguese": (
        "Todos os seres humanos nascem livres e iguais em dignidade e em direitos. Dotados de "
        "razão e de consciência, devem agir uns para com os outros em espírito de "
        "fraternidade. São Paulo João coração não irmão Conceição ação pão você três avó "
        "português história opções mãe Brasília "
    ),
    "Italian": (
        "Tutti gli esseri umani nascono liberi ed eguali in dignità e diritti. Essi sono "
        "dotati di ragione e di coscienza. città perché così più però libertà qualità "
        "università è già lunedì caffè società attività può "
    ),
    "Swedish": (
        "Alla människor är födda fria och lika i värde och rättigheter. De har utrustats med "
        "förnuft och samvete och bör handla gentemot varandra i en anda av broderskap. Malmö "
        "Göteborg Västerås Örebro Åsa Björn själv också från får två år "
    ),
    "Danish": (
        "Alle mennesker er født frie og lige i værdighed og rettigheder. De er udstyret med "
        "fornuft og samvittighed, og de bør handle mod hverandre i en broderskabets ånd. "
        "København Århus Ålborg Sørensen Kjær blåbær rødgrød også går være påske Søren Bjørn "
        "Åse når "
    ),
    "Finnish": (
        "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan. Heille "
        "on annettu järki ja omatunto, ja heidän on toimittava toisiaan kohtaan veljeyden "
        "hengessä. Jyväskylä Hämeenlinna Mäkinen Hyvää päivää yö työ että tämä "
    ),
    "Polish": (
        "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są "
        "oni obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu "
        "braterstwa. Łódź Kraków Gdańsk Wałęsa Częstochowa Poznań źródło żółty świat ćma łąka "
        "mężczyzna dzień być książka "
    ),
    "Czech": (
        "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni "
        "rozumem a svědomím a mají spolu jednat v duchu bratrství. Dvořák Novák Plzeň Říčany "
        "Jiří žluťoučký kůň úpěl ďábelské ódy České Budějovice město děti říkat před může "
        "když náměstí "
    ),
    "Slovak": (
        "Všetci ľudia sa rodia slobodní a rovní v dôstojnosti a právach. Sú obdarení rozumom "
        "a svedomím a majú navzájom jednať v bratskom duchu. Košice Žilina Nové Mesto nad "
        "Váhom ľad stôl päť deň už vždy môže ďakujem šťastie "
    ),
    "Hungarian": (
        "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, "
        "ésszel és lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy "
        "viseltessenek. Győr Székesfehérvár Szabó Erdős Kovács könyv hűség tűz nő idő őrült "
        "gyűjtő első "
    ),
    "Croatian": (
        "Sva ljudska bića rađaju se slobodna i jednaka u dostojanstvu i pravima. Ona su "
        "obdarena razumom i sviješću i trebaju jedna prema drugima postupati u duhu bratstva. "
        "Čakovec Šibenik Đakovo Županja Požega kuća riječ može čovjek više još dođe između "
    ),
    "Romanian": (
        "Toate fiinţele umane se nasc libere şi egale în demnitate şi în drepturi. Ele sunt "
        "înzestrate cu raţiune şi conştiinţă şi trebuie să se comporte unele faţă de altele "
        "în spiritul fraternităţii. Bucureşti Iaşi Constanţa Timişoara Braşov mâine pâine "
        "când până după ţară "
    ),
    "Russian": (
        "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены "
        "разумом и совестью и должны поступать в отношении друг друга в духе братства. Москва "
        "Санкт-Петербург Новосибирск Иванов Екатерина привет жизнь человек время большой "
        "Казань Юрий Жуков "
    ),
    "Ukrainian": (
        "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені "
        "розумом і совістю і повинні діяти у відношенні один до одного в дусі братерства. "
        "Київ Львів Харків Запоріжжя Чернівці їжак єдність м'ята ґанок Україна Олексій Юлія "
        "їсти "
    ),
    "Bulgarian": (
        "Всички хора се раждат свободни и равни по достойнство и права. Те са надарени с "
        "разум и съвест и следва да се отнасят помежду си в дух на братство. София Пловдив "
        "Варна Бургас Стара Загора къща хляб съм още ъгъл "
    ),
    "Greek": (
        "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. "
        "Είναι προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ "
        "τους με πνεύμα αδελφοσύνης. Αθήνα Θεσσαλονίκη Πάτρα Ηράκλειο Γιώργος Παπαδόπουλος "
        "Μαρία καλημέρα "
    ),
    "Turkish": (
        "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana "
        "sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket etmelidirler. "
        "İstanbul Çanakkale Eskişehir Diyarbakır Muğla Şırnak Yıldız Öztürk Güneş ışık çocuk "
        "değil için "
    ),
    "Hebrew": (
        "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם כולם חוננו בתבונה ובמצפון לפיכך "
        "חובה עליהם לנהוג איש ברעהו ברוח של אחווה ירושלים תל אביב חיפה שלום ישראל דוד כהן לוי "
        "ספר בית ילד "
    ),
    "Arabic": (
        "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق وقد وهبوا عقلا وضميرا وعليهم أن "
        "يعامل بعضهم بعضا بروح الإخاء القاهرة الرياض محمد أحمد فاطمة مرحبا بيروت دمشق السلام "
        "عليكم كتاب مدرسة "
    ),
    "Lithuanian": (
        "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. Jiems suteiktas protas ir "
        "sąžinė ir jie turi elgtis vienas kito atžvilgiu kaip broliai. Šiauliai Klaipėda "
        "Panevėžys Kėdainiai Utena ačiū mažas ėjo žąsis įmonė būti švęsti "
    ),
    "Latvian": (
        "Visi cilvēki piedzimst brīvi un vienlīdzīgi savā pašcieņā un tiesībās. Viņi ir "
        "apveltīti ar saprātu un sirdsapziņu, un viņiem jāizturas citam pret citu brālības "
        "garā. Rīga Jūrmala Liepāja Rēzekne Jēkabpils ķīmija ģimene māja ļoti šķēle čūska "
    ),
    "Estonian": (
        "Kõik inimesed sünnivad vabadena ja võrdsetena oma väärikuselt ja õigustelt. Neile on "
        "antud mõistus ja südametunnistus ja nende suhtumist üksteisesse peab kandma vendluse "
        "vaim. Tõnu Jõgeva Põlva Võru öö üks mägi töö küla "
    ),
    "Icelandic": (
        "Hver maður er borinn frjáls og jafn öðrum að virðingu og réttindum. Menn eru gæddir "
        "vitsmunum og samvisku, og ber þeim að breyta bróðurlega hverjum við annan. Reykjavík "
        "Ísafjörður Þór Guðrún það þú "
    ),
    "Japanese": (
        "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等であ "
        "る。人間は、理性と良心とを授けられており、互いに同胞の精神をもって行動しなければ "
        "ならない。 東京 大阪 京都 名古屋 田中さくら 鈴木一郎 コーヒー カメラ "
        "株式会社 こんにちは ありがとう "
    ),
    "Simplified": (
        "人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心,并应以兄弟关系的精神相 "
        "对待。 北京 上海 广州 深圳 成都 张伟 王芳 李娜 中国 公司 有限公司 "
        "你好 谢谢 我们 今天天气很好 数据 用户 名称 价格 数量 "
    ),
    "Traditional": (
        "人人生而自由,在尊嚴和權利上一律平等。他們賦有理性和良心,並應以兄弟關係的精神對 "
        "待。 台北 高雄 台中 香港 陳大文 林美麗 王小明 公司 有限公司 你好 謝謝 "
        "我們 今天天氣很好 資料 用戶 名稱 價格 數量 "
    ),
    "Korean": (
        "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다. "
        "인간은 천부적으로 이성과 양심을 부여받았으며 서로 형제애의 정신으로 "
        "행동하여야 한다. 서울 부산 대구 인천 김철수 이영희 박민수 안녕하세요 "
        "감사합니다 회사 가격 수량 "
    ),
    "Thai": (
        "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ "
        "ต่างมีเหตุผลและมโนธรรม และควรปฏิบัติต่อกันด้วยเจตนารมณ์แห่งภราดรภาพ กรุงเทพ "
        "เชียงใหม่ ภูเก็ต สวัสดี ขอบคุณ ประเทศไทย บริษัท ราคา จำนวน "
    ),
}
WRITTEN_IN: Mapping[str, tuple[str, ...]] = {
    "cp1250": (
        "Polish",
        "Czech",
        "Slovak",
        "Hungarian",
        "Croatian",
        "Romanian",
    ),
    "cp1251": (
        "Russian",
        "Ukrainian",
        "Bulgarian",
    ),
    "cp1252": (
        "German",
        "French",
        "Spanish",
        "Portuguese",
        "Italian",
        "Swedish",
        "Danish",
        "Finnish",
        "Icelandic",
    ),
    "cp1253": ("Greek",),
    "cp1254": ("Turkish",),
    "cp1255": ("Hebrew",),
    "cp1256": ("Arabic",),
    "cp1257": (
        "Lithuanian",
        "Latvian",
        "Estonian",
    ),
    "iso-8859-1": (
        "German",
        "French",
        "Spanish",
        "Portuguese",
        "Italian",
        "Swedish",
        "Danish",
        "Finnish",
    ),
    "iso-8859-2": (
        "Polish",
        "Czech",
        "Slovak",
        "Hungarian",
        "Croatian",
        "Romanian",
    ),
    "iso-8859-5": (
        "Russian",
        "Bulgarian",
        "Ukrainian",
    ),
    "iso-8859-7": ("Greek",),
    "iso-8859-9": ("Turkish",),
    "iso-8859-15": (
        "French",
        "German",
        "Finnish",
    ),
    "koi8-r": (
        "Russian",
        "Bulgarian",
    ),
    "koi8-u": ("Ukrainian",),
    "mac-roman": (
        "German",
        "French",
        "Spanish",
        "Portuguese",
        "Italian",
        "Swedish",
        "Danish",
    ),
    "cp437": (
        "German",
        "French",
        "Spanish",
        "Swedish",
        "Italian",
    ),
    "cp850": (
        "German",
        "French",
        "Spanish",
        "Portuguese",
        "Danish",
        "Italian",
    ),
    "cp852": (
        "Polish",
        "Czech",
        "Hungarian",
        "Slovak",
        "Croatian",
    ),
    "cp866": (
        "Russian",
        "Bulgarian",
    ),
    "shift_jis": ("Japanese",),
    "euc-jp": ("Japanese",),
    "iso-2022-jp": ("Japanese",),
    "gb18030": ("Simplified",),
    "gbk": ("Simplified",),
    "big5": ("Traditional",),
    "euc-kr": ("Korean",),
    "tis-620": ("Thai",),
}


def samples(encoding: str, count: int, draw: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Languages, and `count` words of each that the encoding has."""
    for language in WRITTEN_IN[encoding]:
        known = [
            word for word in WORDS[language].replace(",", " ").split() if _is_in(word, encoding)
        ]
        yield language, [draw.choice(known).rstrip(".") or "x" for _ in range(count)]


def _is_in(word: str, encoding: str) -> bool:
    try:
        word.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
