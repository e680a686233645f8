/** What `netmon capture` tells the process that writes its files: pieces of one, then its end. */
export type ToWriter = { readonly kind: 'piece'; readonly bytes: Uint8Array } | { readonly kind: 'close' };

/** Once at the start, and then for each file. */
export type FromWriter =
  | { readonly kind: 'ready' }
  | { readonly kind: 'written'; readonly file: string; readonly bytes: number }
  | { readonly kind: 'failed'; readonly reason: string };
