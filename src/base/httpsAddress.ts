/** `https://`, a host without user info, then anything but backslashes, blanks and controls, which parsers read in their own ways. */
// oxlint-disable-next-line no-control-regex -- finding control characters is the purpose
const httpsAddress = /^https:\/\/[^\s\\/?#@\u0000-\u001f\u007f]+(?:[/?#][^\s\\\u0000-\u001f\u007f]*)?$/i;

/** Whether a text of a peer may be taken for a web address at all. It still has to parse as a URL. */
export function isHttpsAddress(text: string): boolean {
  return httpsAddress.test(text);
}
