/** Finds credentials in what a program printed: tokens, private keys, password hashes, authorization headers. */

const kinds: Readonly<Record<string, RegExp>> = {
  'a signed token': /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{20,}/,
  'an opaque token or client secret': /\bsc_(?:pat|rt|at|sk|dc)_[0-9A-Za-z]{46}\b/,
  'a private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----|"d":"[\w-]{40,}"/,
  'a password hash': /\$(?:argon2id?|scrypt|pbkdf2-sha\d+)\$/,
  'an authorization header': /\b(?:Basic [A-Za-z0-9+/]{24,}={0,2}|Bearer [\w.~+/-]{40,}=*)(?!\w)/,
};

/** Reads text in pieces, as it comes, and remembers the lines that hold a credential. */
export interface SecretScan {
  read(piece: string): void;
  /** `line N: a signed token` and so on, without the credential. */
  findings(): readonly string[];
}

/** Starts a scan. A line is looked at when it is complete, and the rest when the findings are asked for. */
export function secretScan(): SecretScan {
  const found: string[] = [];
  let rest = '';
  let line = 0;
  const look = (text: string): void => {
    line++;
    for (const [kind, pattern] of Object.entries(kinds)) if (pattern.test(text)) found.push(`line ${line}: ${kind}`);
  };
  return {
    read(piece) {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      for (const one of lines) look(one);
    },
    findings() {
      if (rest !== '') look(rest);
      rest = '';
      return found;
    },
  };
}
