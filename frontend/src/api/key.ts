const COOKIE = "localclip_key";
const YEAR_S = 365 * 86_400;

/** Keep the API key as a cookie: the event stream, pictures and players cannot send a header. */
export function keepKey(key: string): void {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${COOKIE}=${encodeURIComponent(key)}; Path=/; Max-Age=${YEAR_S}; SameSite=Strict${secure}`;
}

export function forgetKey(): void {
  document.cookie = `${COOKIE}=; Path=/; Max-Age=0; SameSite=Strict`;
}

export function hasKey(): boolean {
  return document.cookie.split("; ").some((entry) => entry.startsWith(`${COOKIE}=`));
}
