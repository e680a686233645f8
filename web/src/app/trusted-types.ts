/**
 * The page's one policy of Trusted Types, which the server's content security policy demands: nothing may be made into
 * elements from text, save the empty text with which the chart library clears an element. It is in force once imported.
 */
interface PolicyFactory {
  createPolicy(name: string, rules: { createHTML(text: string): string }): unknown;
}

const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };

trustedTypes?.createPolicy('default', {
  createHTML(text) {
    if (text === '') return text;
    throw new TypeError('text is not made into elements here');
  },
});
