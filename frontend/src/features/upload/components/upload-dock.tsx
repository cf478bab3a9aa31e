import { Upload } from "lucide-react";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { later } from "@/components/ui/later";
import { isMoving, useUploads } from "../state/store";
import { useIncomingFiles } from "./use-incoming-files";

const PlanDialog = later(() => import("./plan-dialog"));
const UploadsPanel = later(() => import("./uploads-panel"));

/** Uploads, on every page: they go on while one works elsewhere. */
export function UploadDock() {
  const over = useIncomingFiles();
  const items = useUploads((state) => state.items);
  const asking = useUploads((state) => state.asking);
  const moving = items.some(isMoving);
  useEffect(() => {
    if (!moving) return undefined;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [moving]);
  return (
    <>
      {over && <DropHint />}
      {items.length > 0 && <UploadsPanel />}
      {asking && (
        <div className="panel shadow-card fixed right-3 bottom-3 z-40 empty:hidden">
          <PlanDialog />
        </div>
      )}
    </>
  );
}

function DropHint() {
  const { t } = useTranslation();
  return (
    <div className="bg-page/85 pointer-events-none fixed inset-3 z-50 grid place-items-center rounded-2xl border-2 border-dashed border-[var(--accent)] backdrop-blur-sm">
      <p className="flex items-center gap-2 text-lg font-semibold">
        <Upload aria-hidden /> {t("upload.drop_here")}
      </p>
    </div>
  );
}
