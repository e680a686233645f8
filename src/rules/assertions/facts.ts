/** A value that an assertion may look at: JSON, so that a body can be walked into. */
export type Fact = string | number | boolean | null | readonly Fact[] | { readonly [name: string]: Fact };

/** By the name of the placeholder, in capitals without brackets (`STATUS`, `RESPONSE_TIME`); absent for what is not known. */
export type Facts = Readonly<Record<string, Fact>>;
