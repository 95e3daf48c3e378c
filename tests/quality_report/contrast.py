"""Contrast of text as it is rendered, by the formula of WCAG 2."""

LOW_CONTRAST = """
(() => {
  const rgba = text => text.match(/[\\d.]+/g).map(Number);
  const over = (top, under) => {
    const alpha = top.length > 3 ? top[3] : 1;
    return [0, 1, 2].map(n => top[n] * alpha + under[n] * (1 - alpha));
  };
  const background = one => {
    const below = one.parentElement ? background(one.parentElement) : [255, 255, 255];
    return over(rgba(getComputedStyle(one).backgroundColor), below);
  };
  const light = color => color.map(part => part / 255)
    .map(part => part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, n) => sum + part * [0.2126, 0.7152, 0.0722][n], 0);
  const low = [];
  for (const one of document.querySelectorAll('body *')) {
    const own = [...one.childNodes].some(node => node.nodeType == 3 && node.data.trim());
    if (!own || !one.getClientRects().length) continue;
    const behind = background(one);
    const [a, b] = [light(over(rgba(getComputedStyle(one).color), behind)), light(behind)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push([one.className || one.localName, ratio]);
  }
  return low;
})()
"""
