import { type Html, html, renderPage } from '../http/html.ts';
import type { JsonObject } from './parameters.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}
type Content = Readonly<Record<string, { readonly schema?: JsonObject }>>;

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly description: string;
  readonly schema: JsonObject;
}

/** The OpenAPI document as a page for people, without a script and without anything from elsewhere. */
export function renderDocs(document: JsonObject): string {
  const info = document.info as { title: string; version: string; description: string };
  const paths = document.paths as Record<string, Record<string, Operation>>;
  const { schemas } = document.components as { schemas: Record<string, JsonObject> };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  return renderPage(
    `${info.title} API`,
    html`<h1>${info.title} API <small>${info.version}</small></h1>
<p>${info.description} The same as <a href="/api/openapi.json">OpenAPI 3.1</a>. Live frames come over the WebSocket
<code>/ws</code>. Failures are problem documents (RFC 9457) with a <code>code</code>.</p>
<nav><ul>${operations.map(
      ({ path, method, operation }) =>
        html`<li><a href="#${operation.operationId}"><code>${method} ${path}</code></a> ${operation.summary}</li>`,
    )}</ul></nav>
${operations.map(({ path, method, operation }) => renderOperation(path, method, operation))}
<h2>Schemas</h2>
${Object.entries(schemas).map(
  ([name, schema]) =>
    html`<details id="schema-${name}"><summary><code>${name}</code></summary>${renderJson(schema)}</details>
`,
)}`,
  );
}

function renderOperation(path: string, method: string, operation: Operation): Html {
  const { operationId, summary, description = '', parameters = [], requestBody, responses } = operation;
  return html`<section id="${operationId}">
<h2><span class="method">${method}</span> <code>${path}</code></h2>
<p>${renderText(`${summary}. ${description}`)}</p>
${parameters.length > 0 ? renderParameters(parameters) : html``}
${requestBody ? html`<p>Body: ${renderContent(requestBody.content)}</p>` : html``}
<details><summary>Answers</summary><table><tr><th>Status</th><th>Meaning</th><th>Content</th></tr>${Object.entries(
    responses,
  ).map(
    ([status, answer]) =>
      html`<tr><td>${status}</td><td>${renderText(answer.description)}</td><td>${renderContent(answer.content ?? {})}</td></tr>`,
  )}</table></details>
</section>
`;
}

function renderParameters(parameters: readonly Parameter[]): Html {
  return html`<table><tr><th>Parameter</th><th>In</th><th>Meaning</th><th>Values</th></tr>${parameters.map(
    (parameter) =>
      html`<tr><td><code>${parameter.name}</code></td><td>${parameter.in}</td><td>${renderText(parameter.description)}</td>
<td><code>${describeSchema(parameter.schema)}</code></td></tr>`,
  )}</table>`;
}

function renderContent(content: Content): Html {
  return html`${Object.entries(content).map(([type, { schema }]) => {
    const name = String(schema?.$ref ?? '').replace(/^.*\//, '');
    return name ? html`<a href="#schema-${name}"><code>${name}</code></a> ` : html`<code>${type}</code> `;
  })}`;
}

/** The values of a schema in a few words. */
function describeSchema(schema: JsonObject): string {
  const items = schema.items as JsonObject | undefined;
  if (items) return `${describeSchema(items)}, …`;
  const choices = schema.enum as readonly unknown[] | undefined;
  const preset = schema.default === undefined ? '' : `, default ${schema.default}`;
  if (choices) return choices.join(' | ') + preset;
  const range = [schema.minimum, schema.maximum].map((bound) => (bound === undefined ? '' : String(bound)));
  const bounds = schema.maximum !== undefined && Number(schema.maximum) < 1e9 ? ` ${range.join('…')}` : '';
  return `${schema.type ?? 'any'}${bounds}${preset}`;
}

/** Text in which what stands between backticks is code. */
function renderText(text: string): Html {
  return html`${text.split('`').map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}

function renderJson(schema: JsonObject): Html {
  return html`<pre>${JSON.stringify(schema, null, 2)}</pre>`;
}
