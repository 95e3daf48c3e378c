"""How the page looks: light and dark, wide and narrow, on screen and on paper."""

STYLE = """
:root{color-scheme:light dark;
--page:#f5f5f1;--card:#fff;--ink:#1e2228;--quiet:#59616b;--line:#e2e2da;--sunk:#f3f3ee;
--data:#3a6ea5;--data-soft:#d6e2ef;
--good:#1b7345;--warn:#8a5600;--bad:#b02a1f;
--good-soft:#e4f2e9;--warn-soft:#fbefd6;--bad-soft:#fbe8e5}
@media screen and (prefers-color-scheme:dark){:root{
--page:#14171b;--card:#1c2026;--ink:#e6e8eb;--quiet:#a4acb7;--line:#2e343c;--sunk:#23282f;
--data:#7db0e2;--data-soft:#2a3e54;
--good:#66c793;--warn:#e2b25a;--bad:#f4938a;
--good-soft:#18301f;--warn-soft:#362a12;--bad-soft:#3a1f1d}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
main,body>header,body>footer{max-width:68rem;margin:0 auto;padding:0 1.25rem}
h1,h2,h3,p,dl,dd,ol,ul,figure{margin:0}
h1{font-size:clamp(1.6rem,4.5vw,2.3rem);line-height:1.15;letter-spacing:-.02em;font-weight:650}
h2{font-size:1.2rem;letter-spacing:-.01em;font-weight:650;margin:2.75rem 0 .9rem}
h2 small{font-size:.9rem;font-weight:400;color:var(--quiet);letter-spacing:0;margin-left:.4rem}
h3{font-size:1rem;font-weight:600}
ol,ul{padding:0;list-style:none}
code,.name{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
font-size:.9em;white-space:pre-wrap}
.quiet,figcaption,dt{color:var(--quiet)}
.quiet,figcaption{font-size:.875rem}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:1.1rem 1.25rem}
.good{--tone:var(--good);--soft:var(--good-soft)}
.warn{--tone:var(--warn);--soft:var(--warn-soft)}
.bad{--tone:var(--bad);--soft:var(--bad-soft)}
.full{--tone:var(--data-soft)}
.none{--tone:var(--quiet);--soft:var(--sunk)}
.pill{display:inline-block;padding:.15rem .7rem;border-radius:1rem;font-size:.875rem;
font-weight:600;color:var(--tone);background:var(--soft)}
body>header{padding-top:2.5rem}
.hero{display:grid;grid-template-columns:1fr auto;gap:1.5rem 2.5rem;align-items:center}
.eyebrow{color:var(--quiet);font-size:.875rem;margin-bottom:.35rem}
.hero .pill{margin-top:.9rem}
.hero .quiet{margin-top:.55rem}
.gauge{position:relative;width:9.25rem;height:9.25rem;text-align:center}
.ring{width:100%;height:100%;transform:rotate(-90deg);display:block}
.track{stroke:var(--soft)}
.share{stroke:var(--tone);stroke-linecap:butt}
.gauge p{position:absolute;inset:0;display:flex;flex-direction:column;justify-content:center;
font-size:.8rem;line-height:1.2;color:var(--quiet)}
.gauge strong{font-size:2.1rem;line-height:1;letter-spacing:-.03em;color:var(--ink);font-weight:650}
.summary{margin-top:1.6rem;border-left:4px solid var(--tone);font-size:1.05rem}
.summary p+p{margin-top:.35rem;color:var(--quiet);font-size:1rem}
.dimensions{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.3rem,1fr));gap:.9rem 1.4rem;
margin-top:1.5rem}
.dimensions li{display:grid;grid-template-columns:1fr auto;font-size:.85rem;gap:.1rem .5rem}
.dimensions strong{color:var(--tone)}
.meter{grid-column:1/-1;height:6px;border-radius:3px;background:var(--sunk);overflow:hidden;
display:block;box-shadow:inset 0 0 0 1px var(--line)}
.meter i{display:block;height:100%;width:var(--w);background:var(--tone,var(--data))}
.stack{display:grid;gap:.9rem}
.stack>*{min-width:0}
.rule{border-left:4px solid var(--tone)}
.rule h3 code{font-size:1rem;font-weight:600}
.rule>p{margin-top:.4rem}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;font-size:.925rem;
margin-top:.75rem}
.facts dd{min-width:0}
.scroll{overflow-x:auto;margin-top:.5rem;border:1px solid var(--line);border-radius:8px;
max-width:100%}
.scroll:focus-visible,summary:focus-visible{outline:2px solid var(--data);outline-offset:2px}
.sample{margin-top:.9rem}
table{border-collapse:collapse;font-size:.85rem;width:max-content;min-width:100%}
th,td{text-align:start;vertical-align:top;padding:.4rem .75rem;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{background:var(--sunk);font-weight:600;white-space:nowrap}
td bdi{display:block;white-space:pre-wrap;width:max-content;max-width:18rem;max-height:6em;
overflow-y:auto}
td em{white-space:nowrap}
.hit{background:var(--bad-soft)}
thead .hit{color:var(--bad)}
td em{color:var(--quiet)}
details{margin-top:.9rem}
summary{cursor:pointer;font-weight:600;padding:.1rem 0}
.list li{display:grid;grid-template-columns:minmax(0,1.1fr) minmax(0,1fr);gap:.1rem 1.5rem;
padding:.55rem 0;border-top:1px solid var(--line)}
.list li:first-child{border-top:0}
details .list{margin-top:.6rem}
.folded>:first-child{margin-top:0}
.grid{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(19.5rem,100%),1fr));gap:.9rem}
.grid>*{min-width:0}
.pair{grid-template-columns:repeat(auto-fit,minmax(min(19.5rem,100%),1fr))}
.watched h3{margin-top:.6rem}
.watched>.quiet{margin-top:.6rem}
.remarks{margin-bottom:.8rem}
.figure{font-size:1.7rem;font-weight:650;letter-spacing:-.02em;line-height:1.2;margin-top:.35rem}
figure{margin-top:.7rem}
figcaption{margin-top:.25rem;font-size:.8rem}
.ends{display:flex;justify-content:space-between;gap:1rem}
.ends span:last-child{text-align:end}
svg.bars{display:block;width:100%;height:3.6rem;fill:var(--data);
border-bottom:1px solid var(--line)}
svg.series{display:block;width:100%;height:5.5rem;background:var(--sunk);border-radius:6px;
overflow:visible}
.series path{fill:none;vector-effect:non-scaling-stroke;stroke-linecap:round}
.line{stroke:var(--data);stroke-width:1.5;stroke-linejoin:round}
.dot{stroke:var(--data);stroke-width:4.5}
.dot.now{stroke-width:10}
.dot.off{stroke:var(--bad)}
.band{fill:var(--data-soft)}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:3px;background:var(--data-soft);
vertical-align:-.1rem;margin-right:.3rem}
.column header{display:flex;flex-wrap:wrap;gap:.2rem .6rem;align-items:baseline;
justify-content:space-between}
.column .type{color:var(--quiet);font-size:.8rem}
.column .pill{font-size:.75rem}
.filled{margin-top:.6rem;font-size:.85rem;display:grid;grid-template-columns:1fr auto;gap:.15rem}
.column .facts{font-size:.85rem;grid-template-columns:max-content minmax(0,1fr)}
.column .facts dd{text-align:end}
.top{margin-top:.75rem;font-size:.85rem}
.top li{display:grid;grid-template-columns:minmax(0,1fr) auto;gap:0 .75rem;padding:.16rem .45rem;
margin-top:2px;border-radius:4px;
background:linear-gradient(to right,var(--data-soft) var(--w),var(--sunk) var(--w))}
.top bdi{white-space:pre-wrap;display:block;max-height:3em;overflow:hidden}
.top .rest{background:none}
.examples{margin-top:.75rem;font-size:.85rem}
body>footer{margin-top:3rem;padding-bottom:2.5rem;font-size:.85rem;color:var(--quiet)}
body>footer p{border-top:1px solid var(--line);padding-top:1rem}
@media(max-width:40rem){
main,body>header,body>footer{padding-inline:1rem}
body>header{padding-top:1.5rem}
.hero{grid-template-columns:1fr;gap:1.1rem}
.gauge{width:7.5rem;height:7.5rem}
.gauge strong{font-size:1.7rem}
.card{padding:.95rem 1rem}
.list li{grid-template-columns:1fr}
.facts{grid-template-columns:minmax(auto,6.5rem) minmax(0,1fr)}
.dimensions{grid-template-columns:1fr}
td bdi{max-width:15rem}}
@media print{:root{color-scheme:light;--page:#fff}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{font-size:11pt}
.card,tr,figure{break-inside:avoid}h2,h3{break-after:avoid}
.scroll{overflow:visible}table{width:100%;font-size:7.5pt;overflow-wrap:break-word}
th,td{padding:.25rem .4rem}td bdi{width:auto;max-height:none}td em,thead th{white-space:normal}
details::details-content{content-visibility:visible;height:auto}}
"""
