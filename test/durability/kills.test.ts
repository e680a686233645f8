import { testDurability } from './short-form.ts';

testDurability('what is acknowledged outlives kills of the server, and is stored once', { kills: 3 });
