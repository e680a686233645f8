import { testDurability } from './short-form.ts';

testDurability('what is acknowledged outlives power cuts, and is stored once', { cuts: 3 });
