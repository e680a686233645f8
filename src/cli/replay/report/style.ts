/** The report's style sheet. Colours of series are classes, since the page allows no style attributes. */
export const style = `
:root{color-scheme:light dark;--bg:#f4f6fa;--card:#fff;--line:#e1e6ef;--text:#161c2a;--dim:#5d6880;--accent:#2f6fed;
--c0:#2f6fed;--c1:#12a594;--c2:#e0912f;--c3:#d6436e;--c4:#8250df;--c5:#5aa02c;--c6:#1f9ecf;--c7:#8a93a6;
--ok:#12a594;--warn:#d98a1f;--bad:#d3384f;--none:#8a93a6;--grid:#e8ecf3}
@media (prefers-color-scheme:dark){:root{--bg:#0d121c;--card:#151c2a;--line:#243046;--text:#e7ecf6;--dim:#93a0b8;
--accent:#6ea0ff;--c0:#6ea0ff;--c1:#35d0bc;--c2:#f2b35c;--c3:#f0749a;--c4:#b08cff;--c5:#8fd05e;--c6:#5cc6ee;--c7:#9aa5ba;
--ok:#35d0bc;--warn:#f2b35c;--bad:#ff6b7f;--none:#78849b;--grid:#212c40}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:14px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1240px;margin:0 auto;padding:32px 24px 64px}
header{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;margin-bottom:20px}
.brand{color:var(--accent);font-weight:700;letter-spacing:.02em}
h1{font-size:24px;line-height:1.25;margin:0;overflow-wrap:anywhere}
header p{margin:0;color:var(--dim);flex-basis:100%}
h2{font-size:13px;margin:0 0 12px;font-weight:650;letter-spacing:.01em}
h2 small{color:var(--dim);font-weight:400;font-size:12px;margin-left:6px}
h3{font-size:18px;margin:36px 0 12px}
.note{border-left:3px solid var(--warn);background:var(--card);padding:10px 14px;border-radius:6px;margin:0 0 12px;
overflow-wrap:anywhere}
.note.bad{border-color:var(--bad)}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(136px,1fr));gap:12px;margin-bottom:12px}
.tile,.card{background:var(--card);border:1px solid var(--line);border-radius:10px}
.tile{padding:12px 14px}
.tile b{display:block;font-size:22px;line-height:1.3;font-weight:650}
.tile span{color:var(--dim);font-size:12px}
.tile.bad b{color:var(--bad)}
.grid{display:grid;grid-template-columns:repeat(12,1fr);gap:12px;margin-bottom:12px}
.card{padding:16px;min-width:0;grid-column:span 12}
.w8{grid-column:span 8}.w7{grid-column:span 7}.w6{grid-column:span 6}.w5{grid-column:span 5}.w4{grid-column:span 4}
@media (max-width:900px){.w8,.w7,.w6,.w5,.w4{grid-column:span 12}main{padding:20px 12px 40px}}
.scroll{overflow-x:auto}
svg{display:block;width:100%;height:auto}
.wide{min-width:640px}
.small{max-width:230px;margin:0 auto 12px}
text{fill:var(--dim);font-size:11px}
text.big{fill:var(--text);font-size:22px;font-weight:650}
.axis{stroke:var(--line)}.gridline{stroke:var(--grid)}
.area{fill:var(--c0);fill-opacity:.16}.curve{fill:none;stroke:var(--c0);stroke-width:1.6;stroke-linejoin:round}
.c0{fill:var(--c0)}.c1{fill:var(--c1)}.c2{fill:var(--c2)}.c3{fill:var(--c3)}.c4{fill:var(--c4)}.c5{fill:var(--c5)}
.c6{fill:var(--c6)}.c7{fill:var(--c7)}
.ok{fill:var(--ok)}.moved{fill:var(--c0)}.warn{fill:var(--warn)}.bad{fill:var(--bad)}.none{fill:var(--none)}
.raised{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:4 3}.recovered{stroke:var(--ok);stroke-width:1.5;
stroke-dasharray:4 3}
.track{fill:var(--grid)}
.mark{stroke:var(--text);stroke-width:1;stroke-dasharray:2 3}
table{width:100%;border-collapse:collapse;font-size:13px}
th{color:var(--dim);font-weight:500;font-size:12px;text-align:left;padding:4px 8px;border-bottom:1px solid var(--line);
white-space:nowrap}
td{padding:5px 8px;border-bottom:1px solid var(--grid);vertical-align:middle}
tr:last-child td{border-bottom:0}
td.name{max-width:420px;overflow-wrap:anywhere}
th.n,td.n{text-align:right;white-space:nowrap}
td.bar{width:90px;min-width:60px}
td.bar svg{height:8px;border-radius:4px}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:8px 0 0;padding:0;list-style:none;font-size:12px;color:var(--dim)}
.legend svg{display:inline-block;width:10px;height:10px;margin-right:6px;vertical-align:-1px}
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:12px}
.empty{color:var(--dim);margin:0}
footer{color:var(--dim);font-size:12px;margin-top:36px}
@media print{body{background:#fff}.card,.tile{break-inside:avoid}}
`;
