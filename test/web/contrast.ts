import type { Page } from 'playwright-core';

/** WCAG 2.2, success criterion 1.4.3: the least contrast of text, and of text from 24 px (bold from 18.66 px) on. */
const leastRatio = 4.5;
const leastRatioLarge = 3;

/** Runs in the page: each text in sight whose contrast to what is behind it is too low, once for each look. */
const findFaint = `(() => {
  const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const known = new Map();
  const read = (color) => {
    if (!known.has(color)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
      known.set(color, [r, g, b, a / 255]);
    }
    return known.get(color);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const lineage = (element) => element ? [...lineage(element.parentElement), element] : [];
  const looks = (element) => {
    let behind = [255, 255, 255, 1];
    let opacity = 1;
    for (const one of lineage(element)) {
      const style = getComputedStyle(one);
      opacity *= Number(style.opacity);
      const [r, g, b, a] = read(style.backgroundColor);
      behind = over([r, g, b, a * opacity], behind);
    }
    const [r, g, b, a] = read(getComputedStyle(element).color);
    return [over([r, g, b, a * opacity], behind), behind];
  };
  const luminance = (color) => {
    const [r, g, b] = color.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const faint = new Map();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent.trim();
    if (text === '' || element.closest('script, style, :disabled') || !element.checkVisibility({ visibilityProperty: true })) continue;
    const { width, height } = element.getBoundingClientRect();
    if (width < 2 || height < 2) continue;
    const style = getComputedStyle(element);
    const size = Number.parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const [color, behind] = looks(element);
    const found = ratio(color, behind);
    if (found >= (isLarge ? ${leastRatioLarge} : ${leastRatio})) continue;
    const look = color.map(Math.round).slice(0, 3) + ' on ' + behind.map(Math.round).slice(0, 3);
    if (!faint.has(look)) faint.set(look, found.toFixed(2) + ': ' + look + ', "' + text.slice(0, 40) + '" ' + element.className);
  }
  return [...faint.values()];
})()`;

/** Texts that are too faint against what is behind them, in either theme; none when the page can be read by everybody. */
export async function findFaintText(page: Page): Promise<string[]> {
  const found: string[] = [];
  const before = await page.evaluate<string>('document.documentElement.className');
  for (const theme of ['dark', 'light']) {
    await page.evaluate(`document.documentElement.className = '${theme}'`);
    const faint = await page.evaluate<string[]>(findFaint);
    found.push(...faint.map((text) => `${theme} ${text}`));
  }
  await page.evaluate(`document.documentElement.className = '${before}'`);
  return found;
}
