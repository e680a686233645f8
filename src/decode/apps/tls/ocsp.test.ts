import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomBytes } from '../../hex.fixture.ts';
import { readOcspStatus } from './ocsp.ts';

/** Made by `openssl ocsp -resp_no_certs` of OpenSSL 3.0 for the serial number 0x1001: revoked, and good. */
const revoked = Buffer.from(
  `MIIBOwoBAKCCATQwggEwBgkrBgEFBQcwAQEEggEhMIIBHTCBxKEUMBIxEDAOBgNVBAMMB1Rlc3QgQ0EYDzIwMjYxMTIxMTE1NDM3WjB2MHQwOz
   AJBgUrDgMCGgUABBS/cFLIucD3YMiRI+CZgV6ywDlCJgQUQmmj/cJC74itjCq0lezNeAxrIVMCAhABoREYDzIwMjYwMTAxMDAwMDAwWhgPMjAy
   NjExMjExMTU0MzdaoBEYDzIwMjYxMTIzMTE1NDM3WqEjMCEwHwYJKwYBBQUHMAECBBIEEEG/P2c8si8y1TROUw+q0CMwCgYIKoZIzj0EAwIDSA
   AwRQIgC0wToNlbVHgsYeBAEIO0DXh+IZLIBAUWRkIJIWbrWuoCIQD2AcYJfVYjf3GE1oAJhp0hcJlgvyvIloWZ5O2Af58+GQ==`,
  'base64',
);
const good = Buffer.from(
  `MIIBKgoBAKCCASMwggEfBgkrBgEFBQcwAQEEggEQMIIBDDCBs6EUMBIxEDAOBgNVBAMMB1Rlc3QgQ0EYDzIwMjYxMTIxMTE1NDM3WjBlMGMwOz
   AJBgUrDgMCGgUABBS/cFLIucD3YMiRI+CZgV6ywDlCJgQUQmmj/cJC74itjCq0lezNeAxrIVMCAhABgAAYDzIwMjYxMTIxMTE1NDM3WqARGA8y
   MDI2MTEyMzExNTQzN1qhIzAhMB8GCSsGAQUFBzABAgQSBBDeNJXkrsQM5x0BDz3iM/3/MAoGCCqGSM49BAMCA0gAMEUCIQCiWqsWuKFtaFmSx4
   p6Goyig/KZN3Y7WQgxjBANyXtXRwIgXw6g8xYFVW80M2hz9SGzCOJAKL9FbfukuGMLSEciSkM=`,
  'base64',
);

test('a response says of its own certificate alone what it is', () => {
  assert.equal(readOcspStatus(revoked, '1001'), 'revoked');
  assert.equal(readOcspStatus(good, '1001'), 'good');
  assert.equal(readOcspStatus(good, '001001'), 'good');
  assert.equal(readOcspStatus(revoked, '1002'), null);
});

test('a response that is cut or is none says nothing', () => {
  for (let length = 0; length < 180; length++) {
    assert.equal(readOcspStatus(revoked.subarray(0, length), '1001'), null, `${length}`);
  }
  for (let seed = 1; seed < 200; seed++) {
    const bytes = Buffer.from(revoked);
    const noise = randomBytes(4, seed);
    bytes[noise.getUint16(0) % bytes.length] = noise.getUint8(2);
    readOcspStatus(bytes, '1001');
  }
});
