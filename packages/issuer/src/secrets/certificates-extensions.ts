/** What a certificate says beyond whose key it is (RFC 5280, 4.2). */
import { hash, type KeyObject } from 'node:crypto';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AuthorityKeyIdentifier,
  BasicConstraints,
  ExtendedKeyUsage,
  Extension,
  GeneralName,
  GeneralSubtree,
  GeneralSubtrees,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  NameConstraints,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
} from '@peculiar/asn1-x509';

/** Somebody that a certificate is for. */
export type SubjectName = { readonly dns: string } | { readonly ip: string } | { readonly uri: string };

/** Whether it may sign other certificates: how many authorities may stand below it, or false. */
export function authority(below: number | false): Extension {
  const constraints = below === false ? { cA: false } : { cA: true, pathLenConstraint: below };
  return critical(id_ce_basicConstraints, new BasicConstraints(constraints));
}

export function usage(...flags: readonly ('digitalSignature' | 'keyCertSign')[]): Extension {
  return critical(id_ce_keyUsage, new KeyUsage(flags.reduce((all, flag) => all | KeyUsageFlags[flag], 0)));
}

/** For servers, and for nothing else. */
export function serverUse(): Extension {
  return extension(id_ce_extKeyUsage, new ExtendedKeyUsage([id_kp_serverAuth]));
}

export function names(of: readonly SubjectName[]): Extension {
  return extension(id_ce_subjectAltName, new SubjectAlternativeName(of.map(generalName)));
}

/** What it signs is good for these names alone: a name covers all below it, and an address is written as a network. */
export function namesWithin(permitted: readonly SubjectName[]): Extension {
  const subtrees = permitted.map((name) => new GeneralSubtree({ base: generalName(name), minimum: 0 }));
  return critical(id_ce_nameConstraints, new NameConstraints({ permittedSubtrees: new GeneralSubtrees(subtrees) }));
}

/** Names the certified key, so that clients find the certificate by it. */
export function subjectKey(key: KeyObject): Extension {
  return extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(identifierOf(key)));
}

/** Names the key that signed. */
export function signerKey(key: KeyObject): Extension {
  const keyIdentifier = new KeyIdentifier(identifierOf(key));
  return extension(id_ce_authorityKeyIdentifier, new AuthorityKeyIdentifier({ keyIdentifier }));
}

// RFC 5280, 4.2.1.2 (1): SHA-1 names the key and protects nothing.
function identifierOf(key: KeyObject): Buffer {
  const { subjectPublicKey } = AsnConvert.parse(key.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo);
  return hash('sha1', Buffer.from(subjectPublicKey), 'buffer');
}

function generalName(name: SubjectName): GeneralName {
  if ('dns' in name) return new GeneralName({ dNSName: name.dns });
  if ('ip' in name) return new GeneralName({ iPAddress: name.ip });
  return new GeneralName({ uniformResourceIdentifier: name.uri });
}

function extension(extnID: string, value: object, isCritical = false): Extension {
  return new Extension({ extnID, critical: isCritical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

const critical = (extnID: string, value: object): Extension => extension(extnID, value, true);
