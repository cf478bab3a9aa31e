import { LayoutGrid, Search, Settings2 } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { NavLink, Outlet } from "react-router";
import { UploadDock } from "@/features/upload/components/upload-dock";
import { showCommands, useCommands } from "@/components/commands";
import { cn } from "@/components/ui/cn";
import { later } from "@/components/ui/later";
import { Keys } from "@/components/ui/keys";
import { ConnectionBadge } from "./connection-badge";
import { HealthBanner } from "./health-banner";
import { Mark } from "./mark";
import { useNewVersion } from "./use-new-version";

const Palette = later(() => import("./palette"));

/** The frame of every page: where one is, where one can go, whether what is shown is live. */
export function Shell() {
  const { t } = useTranslation();
  useNewVersion();
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#content"
        className="bg-accent text-on-accent sr-only z-50 rounded-md px-3 py-2 focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        {t("shell.skip")}
      </a>
      <header className="bg-surface/90 border-line sticky top-0 z-30 border-b backdrop-blur">
        <div className="flex h-13 items-center gap-1 px-3 sm:px-5">
          <NavLink
            to="/dashboard"
            className="mr-2 flex items-center gap-2 rounded-md pr-1 font-semibold tracking-tight"
            aria-label={t("shell.home")}
          >
            <Mark />
            <span className="max-sm:sr-only">LocalClip</span>
          </NavLink>
          <nav aria-label={t("shell.navigation")} className="flex gap-1">
            <Place to="/dashboard" icon={LayoutGrid} label={t("shell.tasks")} />
            <Place to="/settings" icon={Settings2} label={t("shell.settings")} />
          </nav>
          <div className="ml-auto flex items-center gap-2">
            <ConnectionBadge />
            <button
              type="button"
              aria-label={t("palette.title")}
              onClick={() => showCommands(true)}
              className="text-soft hover:bg-sunken hover:text-ink inline-flex h-9 items-center gap-1.5 rounded-md px-2"
            >
              <Search aria-hidden size={15} />
              <span aria-hidden className="max-md:hidden">
                <Keys keys="Ctrl+K" />
              </span>
            </button>
          </div>
        </div>
      </header>
      <HealthBanner />
      <main id="content" tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
        <Outlet />
      </main>
      <UploadDock />
      <CommandPalette />
    </div>
  );
}

/** Ctrl+K, in text fields, too. */
function CommandPalette() {
  const open = useCommands((state) => state.open);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.code !== "KeyK" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      event.preventDefault();
      if (!document.querySelector("[role=dialog]")) showCommands(true); // another dialog wants an answer first
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  return (
    open && (
      <div className="panel shadow-card fixed right-3 bottom-3 z-40 empty:hidden">
        <Palette />
      </div>
    )
  );
}

function Place({ to, icon: Icon, label }: { to: string; icon: typeof LayoutGrid; label: string }) {
  return (
    <NavLink
      to={to}
      className={({ isActive }) =>
        cn(
          "inline-flex h-9 items-center gap-1.5 rounded-md px-2.5 font-medium",
          isActive ? "bg-sunken text-ink" : "text-soft hover:bg-sunken hover:text-ink",
        )
      }
    >
      <Icon aria-hidden size={16} />
      {label}
    </NavLink>
  );
}
