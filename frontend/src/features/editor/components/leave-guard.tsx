import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useBlocker } from "react-router";
import { Confirm } from "@/components/ui/confirm";
import { useDrafts } from "../state/drafts";

/** Text that is typed and not saved does not get lost by leaving. */
export function LeaveGuard() {
  const { t } = useTranslation();
  const unsaved = useDrafts((state) => Object.keys(state.drafts).length);
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => unsaved > 0 && currentLocation.pathname !== nextLocation.pathname,
  );
  useEffect(() => {
    if (unsaved === 0) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [unsaved]);
  return (
    <Confirm
      open={blocker.state === "blocked"}
      title={t("leave.title")}
      text={t("leave.text", { count: unsaved })}
      action={t("leave.leave")}
      onConfirm={() => blocker.proceed?.()}
      onClose={() => blocker.reset?.()}
    />
  );
}
