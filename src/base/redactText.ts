/**
 * Credentials in texts that were not made for them: by the look of the token, by the name beside it, by its place in an
 * address. Every pattern takes linear time: what repeats is one class of characters, or is bounded.
 */

/** What begins like this and goes on for a while is a token, whoever made it. */
const prefixes = [
  "gl(?:dt|rt|ft|soat|cbt|ptt|agent|oas)-|_gitlab_session=",
  "sk[-_]|rk_(?:live|test)_|whsec_|xai-|gsk_|pplx-|tvly-|r8_|hf_|api_org_|lsv2_|jina_|fw_|nvapi-|voyage-",
  "xox[a-z]-|xoxe\\.|xapp-|AIza|ya29\\.|GOCSPX-|1\\/\\/0|EAA[A-Z]|LTAI|AKID|AQVN|t1\\.",
  "npm_|pypi-|rubygems_|dckr_[a-z]{3}_|crates_|cio[A-Z]|oy2[a-z]",
  "hv[sbr]\\.|atlasv1\\.|do[opr]_v1_|shp(?:at|ca|pa|ss)_|lin_(?:api|oauth)_|secret_|ntn_|AT(?:ATT|CTT|BB)",
  "NRAK-|NRII-|NRJS-|sntry[su]_|glc_|glsa_|SG\\.|key-|sq0[a-z]{3}-|sbp_|sb_secret_|nfp_|fm[12][a-z]?_|fo1_|rnd_|re_|ph[cx]_",
  "pscale_(?:tkn|pw|oauth)_|PMAK-|dp\\.[a-z]{2,5}\\.|ops_|AGE-SECRET-KEY-1|figd_|CCIPAT_|bk[a-z]{2}_|tskey-|pat-[a-z]{2}\\d-",
  "EZ[AT]K|shippo_(?:live|test)_|duffel_(?:live|test)_|rdme_|tfp_|CFPAT-|p8e-|AKCp|doppler_|vc[pais]_|lip_|sgp_|dapi|cfut_",
].join("|");

/** Names after which a value is a secret, also as a part of a longer name; and those that must stand alone. */
const names = [
  "password|passwd|passphrase|passcode|secret|token|credential",
  "(?:api|access|private|account|signing|encryption|master|storage|deploy|ssh|license)[-_ ]?key|_key",
].join("|");
/** Of a word, also after a line break that somebody has written as `\\n`. */
const beginning = String.raw`(?<=^|[^A-Za-z0-9]|\\[nrt])`;
const shortNames = "pass|pwd|tkn|jwt|otp|pin|auth|bearer|authkey";
const assigned = `\\\\{0,8}["']?(?:\\s{0,3}(?::=|=>|[:=])\\s{0,3}|(?<=--[\\w-]{1,60})\\s)\\\\{0,8}`;
/** A small number is a count; what is redacted already stays as it is. */
const value = `(?!\\d{1,9}(?![\\w.-])|\\[redacted|\\*\\*\\*)("[^"\\n]{1,500}"|'[^'\\n]{1,500}'|["']?[^\\s"',;&)}\\]\\\\]+)`;

/** What is found, and what takes its place: `§` stands for the mark. */
const patterns: readonly (readonly [RegExp, string])[] = [
  // Keys in PEM, to their end or to the end of the text.
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:(?!-----END)[\s\S])*(?:-----END[A-Z0-9 ]{0,60}-----)?/g,
    "§",
  ],
  [/((?:proxy-)?authorization\\{0,8}["']?\s{0,3}[:=]\s{0,3}\\{0,8}["']?)(?:[A-Za-z]{1,20} )?[^\s"',;\\]+/gi, "$1§"],
  [/(cookie\\{0,8}["']?\s{0,3}[:=]\s{0,3}\\{0,8}["']?)[^\r\n"\\]+/gi, "$1§"],
  [/\b(Bearer|Basic|Digest|Negotiate)(\s{1,3})[A-Za-z0-9._~+/=-]{6,}/gi, "$1$2§"],
  // User and password of an address; a plain user name such as git's stays.
  [/(:\/\/)(?![a-z]{1,12}@)[^/\s"'<>\\]{1,300}@/gi, "$1§@"],
  [
    /([?&](?:key|sig|signature|code|auth|s|x-(?:amz|goog)-(?:signature|credential|security-token))=)[^&\s"'#\\]+/gi,
    "$1§",
  ],
  [/(hooks\.slack\.com\/(?:services|workflows|triggers)\/)[^\s"'\\]+/gi, "$1§"],
  [/(discord(?:app)?\.com\/api\/webhooks\/)[^\s"'\\]+/gi, "$1§"],
  [/(webhook\.office\.com\/)[^\s"'\\]+/gi, "$1§"],
  [/(?<=^|[^A-Za-z0-9]|\\[nrt])eyJ[\w-]{8,}(?:\.[\w-]*){0,4}/g, "§"],
  [/(?<=^|[^A-Za-z0-9]|\\[nrt])(?:gh[pousr]_|github_pat_|glpat-)[A-Za-z0-9_-]{4,}/g, "§"],
  [new RegExp(`${beginning}(?:${prefixes})[\\w.+/=-]{14,}`, "g"), "§"],
  [/(?<=^|[^A-Za-z0-9]|\\[nrt])(?:AKIA|ASIA|ABIA|ACCA|SK|AC)[A-F0-9a-f]{32}(?![\w])/g, "§"],
  [/(?<=^|[^A-Za-z0-9]|\\[nrt])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}/g, "§"],
  [/(?<=^|[^A-Za-z0-9]|\\[nrt])pat[A-Za-z0-9]{14}\.[0-9a-f]{32,}/g, "§"],
  [/(?<=^|[^A-Za-z0-9]|\\[nrt])\d{8,10}:AA[\w-]{30,}/g, "§"],
  [/(?<=^|[^A-Za-z0-9]|\\[nrt])[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}/g, "§"],
  [/(\s-u\s{1,3}[^\s:]{1,100}:)[^\s\\]+/g, "$1§"],
  [new RegExp(`((?:${names})(?!files?\\b|env\\b)[\\w-]{0,30}(?![\\w-])${assigned})${value}`, "gi"), "$1§"],
  [new RegExp(`(${beginning}(?:${shortNames})(?![A-Za-z])${assigned})${value}`, "gi"), "$1§"],
];

/** Long runs, and whole lines of base64. Of capitals, small letters and digits they are nothing that anybody names things with. */
const dense = /[A-Za-z0-9_-]{40,}|^[A-Za-z0-9+/]{60,}={0,2}$/gm;
/** The session in a chat's address is written in base64. */
const chatAddress = /ahp-chat:\/\/[\w.-]{0,100}\/$/;

/** The text with every credential in it replaced by `mark`; the names beside them stay. */
export function redactText(text: string, mark = "[redacted]"): string {
  let clean = text;
  for (const [pattern, replacement] of patterns) clean = clean.replaceAll(pattern, replacement.replace("§", mark));
  return clean.replaceAll(dense, (run, offset: number, whole: string) => {
    const isDense = /[A-Z]/.test(run) && /[a-z]/.test(run) && /\d/.test(run);
    return isDense && !chatAddress.test(whole.slice(Math.max(0, offset - 120), offset)) ? mark : run;
  });
}
