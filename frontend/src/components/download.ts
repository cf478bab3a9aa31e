/** Save a file under the name the gateway gives it. */
export function download(url: string): void {
  const link = document.createElement("a");
  link.href = `${url}${url.includes("?") ? "&" : "?"}download=true`;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
