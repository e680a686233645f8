import type * as x509 from '@peculiar/x509';

/** What writes certificates and requests; to read a certificate `node:crypto` is enough. */
export type CertificateLibrary = typeof x509;

let loaded: Promise<CertificateLibrary> | undefined;

/** Loads the library when it is needed first: 0.1 s and 20 MB that most runs do without. */
export function loadLibrary(): Promise<CertificateLibrary> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<CertificateLibrary> {
  // Its decorators need this before they are evaluated.
  await import('reflect-metadata');
  return await import('@peculiar/x509');
}
