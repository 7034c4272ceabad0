// Verifies OpenPGP signatures in the browser (RFC 9580, and RFC 4880 before it), by WebCrypto alone.
//
// It reads ASCII-armored keys and detached signatures of version 4: Ed25519, RSA, and ECDSA over P-256
// or P-384, with SHA-256, SHA-384 or SHA-512. For anything else it throws an error: the page then says
// neither that the signature is good nor that it is bad.
'use strict';

const openpgp = (() => {
  class Unsupported extends Error {}

  // The hash algorithms that are secure enough (RFC 9580, 9.5).
  const HASHES = { 8: 'SHA-256', 9: 'SHA-384', 10: 'SHA-512' };
  // Public-key algorithms (RFC 9580, 9.1).
  const RSA = 1, ECDSA = 19, EDDSA_LEGACY = 22, ED25519 = 27;
  // Curves by their object identifiers (RFC 9580, 9.2).
  const CURVES = {
    '2a8648ce3d030107': { namedCurve: 'P-256', bytes: 32 },
    '2b81040022': { namedCurve: 'P-384', bytes: 48 },
  };
  const ED25519_LEGACY = '2b06010401da470f01';

  // Whether the detached signature was made by the key over the bytes. Throws if it cannot tell.
  const verify = async (bytes, signatureArmour, keyArmour) => {
    const [packet, ...others] = packets(dearmour(signatureArmour));
    if (packet?.kind !== 2 || others.length) throw new Unsupported('not one signature');
    const signature = readSignature(packet.body);
    // Text signatures, certifications and revocations do not sign a file.
    if (signature.type !== 0) throw new Unsupported(`signature type ${signature.type}`);

    let key;
    for (const { kind, body } of packets(dearmour(keyArmour))) {
      if (kind === 6 && await fingerprint(body) === signature.issuer) key = readKey(body);
    }
    if (!key || signature.made < key.made) return false;

    // The signature covers the file, the hashed part of the packet, and a trailer with its length (RFC 9580, 5.2.4).
    const length = new Uint8Array([4, 0xff, 0, 0, 0, 0]);
    new DataView(length.buffer).setUint32(2, signature.head.length);
    const signed = join(bytes, signature.head, length);
    const hash = HASHES[signature.hash];
    if (!hash) throw new Unsupported(`hash algorithm ${signature.hash}`);
    const digest = new Uint8Array(await crypto.subtle.digest(hash, signed));
    if (hex(digest.subarray(0, 2)) !== hex(signature.hint)) return false;
    if (signature.algorithm !== key.algorithm) return false;

    const numbers = new Reader(signature.numbers);
    switch (key.algorithm) {
      case RSA: { // PKCS #1 v1.5 (RFC 9580, 5.2.3.1)
        if (key.n.length < 256) return false;
        const jwk = { kty: 'RSA', n: base64url(key.n), e: base64url(key.e), ext: true };
        const how = { name: 'RSASSA-PKCS1-v1_5', hash };
        const number = widen(numbers.number(), key.n.length);
        const imported = await crypto.subtle.importKey('jwk', jwk, how, false, ['verify']);
        return crypto.subtle.verify(how, imported, number, signed);
      }
      case ECDSA: { // two MPIs, r and s (RFC 9580, 5.2.3.2)
        const { namedCurve, bytes: size } = key.curve;
        const how = { name: 'ECDSA', namedCurve, hash };
        const pair = join(widen(numbers.number(), size), widen(numbers.number(), size));
        const imported = await crypto.subtle.importKey('raw', key.point, how, false, ['verify']);
        return crypto.subtle.verify(how, imported, pair, signed);
      }
      default: { // Ed25519 signs the digest, not the file (RFC 9580, 5.2.3.3 and 5.2.3.4)
        const pair = key.algorithm === ED25519 ? numbers.take(64)
          : join(widen(numbers.number(), 32), widen(numbers.number(), 32));
        const how = { name: 'Ed25519' };
        const imported = await crypto.subtle.importKey('raw', key.point, how, false, ['verify']);
        return crypto.subtle.verify(how, imported, pair, digest);
      }
    }
  };

  // A signature packet of version 4 (RFC 9580, 5.2.3).
  const readSignature = (body) => {
    const reader = new Reader(body);
    if (reader.byte() !== 4) throw new Unsupported('signature version');
    const [type, algorithm, hash] = reader.take(3);
    const hashed = reader.take(reader.short());
    const head = body.subarray(0, 6 + hashed.length);
    reader.take(reader.short()); // unhashed subpackets are not signed, so they are ignored
    const signature = { type, algorithm, hash, head, hint: reader.take(2), numbers: reader.rest() };
    for (const { kind, critical, body: value } of subpackets(hashed)) {
      if (kind === 2) signature.made = new Reader(value).long(); // 5.2.3.11
      else if (kind === 33 && value[0] === 4) signature.issuer = hex(value.subarray(1)); // 5.2.3.35
      // A signature with an unknown critical subpacket must be rejected (5.2.3.7).
      else if (critical) throw new Unsupported(`critical subpacket ${kind}`);
    }
    // The issuer is named by the whole fingerprint: shorter key ids can be forged.
    if (!signature.issuer || signature.made === undefined) {
      throw new Unsupported('no issuer or no time');
    }
    return signature;
  };

  // A public-key packet of version 4 (RFC 9580, 5.5.2).
  const readKey = (body) => {
    const reader = new Reader(body);
    if (reader.byte() !== 4) throw new Unsupported('key version');
    const made = reader.long();
    const algorithm = reader.byte();
    const key = { made, algorithm };
    if (algorithm === RSA) {
      key.n = reader.number();
      key.e = reader.number();
    } else if (algorithm === ED25519) {
      key.point = reader.take(32);
    } else if (algorithm === EDDSA_LEGACY || algorithm === ECDSA) {
      const curve = hex(reader.take(reader.byte()));
      key.point = reader.number();
      if (algorithm === ECDSA) {
        key.curve = CURVES[curve];
      } else if (curve === ED25519_LEGACY && key.point[0] === 0x40) {
        key.curve = curve;
        key.point = key.point.subarray(1); // 9.2.1: 0x40 is the prefix of a native point
      }
      if (!key.curve) throw new Unsupported(`curve ${curve}`);
    } else {
      throw new Unsupported(`key algorithm ${algorithm}`);
    }
    return key;
  };

  // RFC 9580, 5.5.4.2.
  const fingerprint = async (body) => {
    const head = new Uint8Array([0x99, body.length >> 8, body.length & 0xff]);
    return hex(await crypto.subtle.digest('SHA-1', join(head, body)));
  };

  // RFC 9580, 4.2: packets in the new and in the old format.
  const packets = (bytes) => {
    const reader = new Reader(bytes);
    const all = [];
    while (reader.more()) {
      const head = reader.byte();
      if (head < 0x80) throw new Unsupported('no packet');
      if (head & 0x40) {
        all.push({ kind: head & 0x3f, body: reader.take(reader.length()) });
      } else {
        const read = [() => reader.byte(), () => reader.short(), () => reader.long()][head & 3];
        if (!read) throw new Unsupported('a packet without end');
        all.push({ kind: (head >> 2) & 0x0f, body: reader.take(read()) });
      }
    }
    return all;
  };

  // Subpackets (RFC 9580, 5.2.3.7): a length, which includes the type octet; the type; the value.
  const subpackets = (area) => {
    const reader = new Reader(area);
    const all = [];
    while (reader.more()) {
      const [kind, ...body] = reader.take(reader.length());
      all.push({ kind: kind & 0x7f, critical: kind > 0x7f, body: new Uint8Array(body) });
    }
    return all;
  };

  // ASCII armor (RFC 9580, 6.2): lines of base64 after headers and an empty line, between two marks. The
  // checksum, which newer programs leave out, detects only accidents and is ignored.
  const dearmour = (text) => {
    const [, body] = /-----BEGIN [^-]+-----([^]*?)-----END /.exec(text) ?? [];
    if (body === undefined) throw new Unsupported('no armour');
    const lines = body.split('\n').map((row) => row.trim());
    const data = lines.filter((row) => row && !row.includes(': ') && !row.startsWith('='));
    return Uint8Array.from(atob(data.join('')), (letter) => letter.charCodeAt(0));
  };

  // Reads bytes from the front, and throws if there are too few.
  class Reader {
    constructor(bytes) {
      this.bytes = bytes;
      this.at = 0;
    }
    more() {
      return this.at < this.bytes.length;
    }
    take(count) {
      const end = this.at + count;
      if (end > this.bytes.length) throw new Unsupported('it ends too early');
      const part = this.bytes.subarray(this.at, end);
      this.at = end;
      return part;
    }
    rest() {
      return this.take(this.bytes.length - this.at);
    }
    byte() {
      return this.take(1)[0];
    }
    short() {
      return this.byte() * 0x100 + this.byte();
    }
    long() {
      return this.short() * 0x10000 + this.short();
    }
    // RFC 9580, 4.2.1.
    length() {
      const first = this.byte();
      if (first < 192) return first;
      if (first < 224) return (first - 192) * 256 + this.byte() + 192;
      if (first === 255) return this.long();
      throw new Unsupported('a length in parts');
    }
    // An MPI (RFC 9580, 3.2): a length in bits, then the number.
    number() {
      return this.take((this.short() + 7) >> 3);
    }
  }

  const join = (...parts) => {
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  };

  const widen = (number, size) => {
    if (number.length > size) throw new Unsupported('a number is too long');
    return join(new Uint8Array(size - number.length), number);
  };

  const hex = (bytes) =>
    Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');

  const base64url = (bytes) =>
    btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '');

  return { verify, hex };
})();
