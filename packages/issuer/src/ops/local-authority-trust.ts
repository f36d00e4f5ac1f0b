/** What a developer is told once: how each kind of client comes to trust a certificate authority. */

/** One line for each kind of client, with the commands to the letter. */
export function trustLines(path: string): string[] {
  const file = /^[\w./:\\-]+$/.test(path) ? path : `"${path}"`;
  const lines: readonly (readonly [client: string, how: string])[] = [
    ['Node', `NODE_EXTRA_CA_CERTS=${file}`],
    ['Python', `REQUESTS_CA_BUNDLE=${file} SSL_CERT_FILE=${file}`],
    ['curl', `curl --cacert ${file} …`],
    ['Go, Ruby, PHP on Linux', `SSL_CERT_FILE=${file}`],
    ['Java', `keytool -importcert -noprompt -alias safeconduct -file ${file} -keystore trust.p12 -storepass changeit`],
    ['', 'java -Djavax.net.ssl.trustStore=trust.p12 -Djavax.net.ssl.trustStorePassword=changeit …'],
    ['Debian, Ubuntu', `sudo cp ${file} /usr/local/share/ca-certificates/safeconduct.crt && sudo update-ca-certificates`],
    ['Fedora, Arch', `sudo trust anchor --store ${file}`],
    ['macOS', `security add-trusted-cert -r trustRoot -k ~/Library/Keychains/login.keychain-db ${file}`],
    ['Windows', `certutil -user -addstore Root ${file}`],
    ['Chrome on Linux', `certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n safeconduct -i ${file}`],
    ['Firefox', `Settings, Privacy & Security, View Certificates, Authorities, Import: ${file}`],
  ];
  const width = Math.max(...lines.map(([client]) => client.length));
  return [
    `https is vouched for by ${path}, which is good for this machine alone. Tell a client to trust it:`,
    ...lines.map(([client, how]) => `  ${client.padEnd(width)}  ${how}`),
    // On a line of its own: the commands above are pasted as they are.
    "Chrome's certutil comes with libnss3-tools. On macOS and Windows, Chrome, Go, Ruby and PHP take what the system trusts.",
  ];
}
