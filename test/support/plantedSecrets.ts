import { createHash } from "node:crypto";

/** A credential as it may turn up in a text, and the part of it that must not be seen. */
export interface PlantedSecret {
  readonly format: string;
  readonly text: string;
  readonly secret: string;
}

/** Looks random and is always the same; every call of another `seed` gives another. */
function random(
  seed: string,
  length: number,
  alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789",
): string {
  let text = "";
  for (let block = 0; text.length < length; block += 1) {
    for (const byte of createHash("sha256").update(`${seed} ${block}`).digest())
      text += alphabet[byte % alphabet.length];
  }
  return text.slice(0, length);
}

const hex = "0123456789abcdef";
const upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** Tokens that can be told by how they begin: prefix, length of the rest, its letters. */
const byPrefix: readonly (readonly [string, number, string?])[] = [
  ["ghp_", 36],
  ["gho_", 36],
  ["ghu_", 36],
  ["ghs_", 36],
  ["ghr_", 36],
  ["github_pat_", 82],
  ["glpat-", 20],
  ["gldt-", 20],
  ["glrt-", 20],
  ["glcbt-", 24],
  ["glptt-", 40, hex],
  ["glagent-", 50],
  ["gloas-", 64, hex],
  ["sk-", 48],
  ["sk-proj-", 60],
  ["sk-ant-api03-", 95],
  ["sk-or-v1-", 64, hex],
  ["sk_live_", 24],
  ["sk_test_", 24],
  ["rk_live_", 24],
  ["whsec_", 32],
  ["xai-", 80],
  ["gsk_", 52],
  ["pplx-", 48],
  ["tvly-", 32],
  ["r8_", 37],
  ["hf_", 34],
  ["lsv2_pt_", 32, hex],
  ["nvapi-", 64],
  ["xoxb-1234567890-1234567890-", 24],
  ["xoxp-1234567890-", 32],
  ["xapp-1-A0123-", 64, hex],
  ["AIza", 35],
  ["ya29.", 100],
  ["GOCSPX-", 28],
  ["1//0", 60],
  ["EAAC", 100],
  ["npm_", 36],
  ["pypi-AgEIcHlwaS5vcmc", 120],
  ["rubygems_", 48, hex],
  ["dckr_pat_", 27],
  ["hvs.", 90],
  ["hvb.", 120],
  ["dop_v1_", 64, hex],
  ["shpat_", 32, hex],
  ["shpss_", 32, hex],
  ["lin_api_", 40],
  ["secret_", 43],
  ["ntn_", 46],
  ["ATATT3", 180],
  ["ATBB", 32],
  ["NRAK-", 27, upper],
  ["sntrys_", 100],
  ["sntryu_", 64, hex],
  ["glc_", 80],
  ["glsa_", 32],
  ["SG.", 66],
  ["key-", 32, hex],
  ["sq0atp-", 22],
  ["sq0csp-", 43],
  ["sbp_", 40, hex],
  ["nfp_", 36],
  ["fm2_", 80],
  ["rnd_", 32],
  ["re_", 32],
  ["phx_", 43],
  ["pscale_tkn_", 43],
  ["PMAK-", 59, hex],
  ["dp.pt.", 43],
  ["ops_", 250],
  ["AGE-SECRET-KEY-1", 58, upper],
  ["figd_", 40],
  ["CCIPAT_", 60],
  ["bkua_", 40, hex],
  ["tskey-auth-", 32],
  ["pat-na1-", 36, hex],
  ["EZAK", 54],
  ["shippo_live_", 40, hex],
  ["tfp_", 44],
  ["CFPAT-", 43],
  ["p8e-", 32],
  ["dapi", 32, hex],
  ["AKIA", 16, upper],
  ["ASIA", 16, upper],
  ["LTAI", 20],
  ["AKID", 32],
  ["vcp_", 32],
];

/** Values that look like nothing, in the places that say what they are. `%` is the value. */
const byPlace: readonly string[] = [
  "password=%",
  "PASSWORD: %",
  'DB_PASSWORD="%"',
  "export MYSQL_PWD=%",
  "pgpass pwd=%",
  '{"password":"%"}',
  '{"apiKey": "%"}',
  "{'secret': '%'}",
  '"{\\"token\\":\\"%\\"}"',
  "api_key=%",
  "API-KEY: %",
  "apikey: %",
  "x-api-key: %",
  "access_key = %",
  "aws_secret_access_key=%",
  "AWS_SESSION_TOKEN=%",
  "AccountKey=%;EndpointSuffix=core",
  "SharedAccessKey=%",
  "client_secret=%",
  "clientSecret: '%'",
  "private_key=%",
  "signing-key: %",
  "encryption_key=%",
  "SSH_PASSPHRASE=%",
  "refresh_token=%",
  "access_token: %",
  "id_token=%",
  "csrf-token: %",
  "_authToken=%",
  "//registry.example.com/:_authToken=%",
  "auth=%",
  "otp: %",
  "credential=%",
  "MASTER_KEY=%",
  "deploy-key: %",
  "NEXT_PUBLIC_SECRET=%",
  "--password %",
  "--password=%",
  "--token %",
  "--api-key %",
  "--client-secret=%",
  "curl -u someone:% https://host.example",
  "Authorization: Bearer %",
  "authorization: token %",
  "Authorization: Basic %",
  "Proxy-Authorization: Digest %",
  '"Authorization": "%"',
  "sent Bearer %",
  "Cookie: session=%; other=1",
  "Set-Cookie: sid=%; HttpOnly",
  "https://me:%@host.example/path",
  "https://%@host.example/path.git",
  "postgres://admin:%@db.example:5432/app",
  "redis://:%@cache.example:6379",
  "amqps://u:%@mq.example/v",
  "mongodb+srv://u:%@cluster.example/db",
  "ws://127.0.0.1:4517/?tkn=%",
  "https://h.example/?token=%&x=1",
  "https://h.example/?x=1&access_token=%",
  "https://h.example/?api_key=%",
  "https://h.example/?key=%",
  "https://h.example/?sig=%&se=2030",
  "https://h.example/?code=%",
  "https://h.example/?X-Amz-Signature=%",
  "https://h.example/?X-Amz-Security-Token=%",
  "https://h.example/?X-Goog-Signature=%",
  "https://h.example/?auth=%",
  "https://h.example/?signature=%",
  "https://h.example/#access_token=%",
  "https://hooks.slack.com/services/T000/B000/%",
  "https://discord.com/api/webhooks/123/%",
  "https://example.webhook.office.com/webhookb2/%",
  "token := %",
  "secret => %",
  "passwd: %",
  "passphrase = %",
  "jwt=%",
  "license-key: %",
  "storage_key=%",
  "password='with % inside'",
  'secret="two words %"',
  "git clone failed: could not use token: %",
  "MUSTER_TOKEN=% npm start",
  ...[
    "GITHUB",
    "GITLAB",
    "NPM",
    "SLACK",
    "STRIPE",
    "SENTRY",
    "DATADOG",
    "CLOUDFLARE",
    "HEROKU",
    "VAULT",
    "CI_JOB",
    "TWILIO",
  ].flatMap((name) => [
    `${name}_TOKEN=%`,
    `${name}_API_KEY: %`,
    `"${name.toLowerCase()}Secret":"%"`,
    `set ${name}_ACCESS_KEY='%'`,
  ]),
  "env: { OPENAI_API_KEY: %, HOME: /root }",
];

function others(): PlantedSecret[] {
  const part = (seed: string, length: number) => random(seed, length);
  const pem = (kind: string) => {
    const body = Array.from({ length: 6 }, (_, line) => random(`${kind} ${line}`, 64)).join("\n");
    return { text: `-----BEGIN ${kind}-----\n${body}\n-----END ${kind}-----`, secret: body.slice(70, 110) };
  };
  const jwt = `eyJ${part("jwt head", 30)}.eyJ${part("jwt body", 60)}.${part("jwt sign", 43)}`;
  const telegram = `AA${part("telegram", 33)}`;
  const discord = `M${part("discord", 23)}.G${part("d2", 5)}.${part("d3", 38)}`;
  const airtable = `pat${part("airtable", 14)}.${random("airtable2", 64, hex)}`;
  const twilio = `SK${random("twilio", 32, hex)}`;
  return [
    ...["RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"].map(
      (kind) => ({
        format: kind,
        ...pem(kind),
      }),
    ),
    { format: "PGP", ...pem("PGP PRIVATE KEY BLOCK") },
    { format: "a line of a key", text: `read:\n${part("line", 64)}\nend`, secret: part("line", 64) },
    { format: "JWT", text: `got ${jwt} from it`, secret: jwt },
    { format: "Telegram", text: `bot 1234567890:${telegram}`, secret: telegram },
    { format: "Discord", text: discord, secret: discord },
    { format: "Airtable", text: airtable, secret: airtable },
    { format: "Twilio", text: twilio, secret: twilio },
    { format: "our own", text: `it is ${part("own", 43)}.`, secret: part("own", 43) },
    { format: "Terraform", text: `${part("tf", 14)}.atlasv1.${part("tf2", 60)}`, secret: part("tf2", 60) },
  ];
}

/** Credentials in the forms in which they turn up in texts, each with a value of its own. */
export function plantedSecrets(): readonly PlantedSecret[] {
  return [
    ...byPrefix.map(([prefix, length, alphabet]) => {
      const secret = random(prefix, length, alphabet);
      return { format: prefix, text: `the agent said ${prefix}${secret} and went on`, secret };
    }),
    ...byPlace.map((place) => {
      const secret = `${random(place, 6, "abcdefghijkmnpqrstuvwxyz")}${random(`${place}!`, 8)}`;
      return { format: place, text: place.replace("%", secret), secret };
    }),
    ...others(),
  ];
}
