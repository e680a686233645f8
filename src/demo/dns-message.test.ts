import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeQuestion, encodeAnswer, encodeQuestion, questionTypes } from './dns-message.ts';

const asked = encodeQuestion(0x1234, 'Shop.example', questionTypes.A);

test('a question is what RFC 1035 says', () => {
  assert.equal(
    asked.toString('hex'),
    [
      '1234 0100 0001 0000 0000 0000', // id, recursion desired, one question
      '04 53686f70 07 6578616d706c65 00', // Shop . example
      '0001 0001', // A, IN
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

test('a question is read back, its name in lower case', () => {
  const question = decodeQuestion(asked);
  assert.equal(question?.name, 'shop.example');
  assert.equal(question.id, 0x1234);
  assert.equal(question.type, questionTypes.A);
});

test('an answer repeats the question and points at its name', () => {
  const answer = encodeAnswer(decodeQuestion(asked)!, 'NOERROR', [Buffer.from([127, 0, 0, 1])], 60);
  assert.equal(
    answer.toString('hex'),
    [
      '1234 8180 0001 0001 0000 0000', // the same id, an answer without an error, one record
      '04 53686f70 07 6578616d706c65 00 0001 0001', // the question
      'c00c 0001 0001 0000003c 0004 7f000001', // its name, A, IN, 60 s, 127.0.0.1
    ]
      .join('')
      .replaceAll(' ', ''),
  );
});

test('a question cut at any length, or an answer, is no question', () => {
  for (let length = 0; length < asked.length; length++)
    assert.equal(decodeQuestion(asked.subarray(0, length)), null);
  assert.equal(decodeQuestion(encodeAnswer(decodeQuestion(asked)!, 'NXDOMAIN', [], 60)), null);
});

test('labels without an end and pointers are no question', () => {
  const header = asked.subarray(0, 12);
  assert.equal(decodeQuestion(Buffer.concat([header, Buffer.alloc(600, 1)])), null);
  assert.equal(decodeQuestion(Buffer.concat([header, Buffer.from([0xc0, 0x0c, 0, 1, 0, 1])])), null);
});
