import { testDurability } from './short-form.ts';

testDurability('a full disk and a database that another holds are borne', { obstacles: true });
