import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useConnection } from "@/api/connection";

const ENTRY = /<script[^>]+type="module"[^>]+src="([^"]+)"/;

/** The script this page began with; that of a newer build has another name. */
const own = document.querySelector<HTMLScriptElement>("script[type=module][src]")?.getAttribute("src") ?? null;

async function isNewer(): Promise<boolean> {
  const page = await fetch("/", { cache: "no-store" });
  const there = ENTRY.exec(await page.text())?.[1];
  return page.ok && own !== null && there !== undefined && there !== own;
}

/** Tell of a newer build: looked for when the stream begins anew, as after a restart, and when a part is missing. */
export function useNewVersion(): void {
  const { t } = useTranslation();
  const live = useConnection((state) => state.stream === "live");
  useEffect(() => {
    const look = async () => {
      if (!(await isNewer().catch(() => false))) return;
      toast(t("version.new"), {
        id: "version",
        duration: Infinity,
        action: { label: t("version.reload"), onClick: () => location.reload() },
      });
    };
    const onMissing = () => void look();
    window.addEventListener("vite:preloadError", onMissing);
    if (live) void look();
    return () => window.removeEventListener("vite:preloadError", onMissing);
  }, [live, t]);
}
