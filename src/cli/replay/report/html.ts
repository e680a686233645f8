import { escapeText } from '../../escape.ts';

/** Text that is HTML already: what `html` makes, or this program's own. Nothing else gets into a page unescaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | null | readonly Content[];

/** A template of HTML: what is put in is escaped, unless it is the result of another one. */
export function html(parts: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(parts.map((part, i) => (i === 0 ? part : render(contents[i - 1]) + part)).join(''));
}

function render(content: Content): string {
  if (content === null) return '';
  if (content instanceof Markup) return content.text;
  if (typeof content === 'number') return String(content);
  if (typeof content === 'string') return escapeHtml(content);
  return content.map(render).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** For text and quoted attributes; control and reordering characters are shown as escapes. */
function escapeHtml(text: string): string {
  return escapeText(text).replace(/[&<>"']/g, (char) => entities[char]);
}
