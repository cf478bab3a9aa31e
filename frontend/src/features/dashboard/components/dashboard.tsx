import { Clapperboard, Plus, SearchX, Sparkles } from "lucide-react";
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { Button } from "@/components/ui/button";
import { PanelBoundary } from "@/components/ui/panel-boundary";
import { Empty, Failure } from "@/components/ui/states";
import type { FileChooser, SampleDub } from "@/components/file-chooser";
import { useQuery } from "@tanstack/react-query";
import { batchesQuery } from "@/api/batches";
import { usePollInterval } from "@/api/connection";
import { useHidden } from "@/api/deletions";
import { isGrouped } from "@/api/queries";
import { later } from "@/components/ui/later";
import { useFilter } from "../state/use-filter";
import { type TaskWindow, useTaskWindow } from "../state/use-task-window";
import { useView } from "../state/view";
import { BulkBar } from "./bulk-bar";
import { TaskList } from "./task-list";
import { Toolbar } from "./toolbar";

const BatchList = later(() => import("./batch-list"), <div className="skeleton h-28" />);
const BatchHead = later(() => import("./batch-head"), <div className="skeleton h-28" />);

/** All tasks, or those of one batch; `Choose` opens the file chooser of the upload, `Sample` dubs the sample video. */
export default function Dashboard({ Choose, Sample }: { Choose: FileChooser; Sample: SampleDub }) {
  const [filter, setFilter] = useFilter();
  const [range, setRange] = useState({ first: 0, last: 0 });
  const onRange = useCallback(
    (first: number, last: number) =>
      setRange((old) => (old.first === first && old.last === last ? old : { first, last })),
    [],
  );
  const tasks = useTaskWindow(filter, range.first, range.last);
  const batches = useBatchCount(isGrouped(filter));
  return (
    <div className="mx-auto flex w-full max-w-[100rem] flex-1 flex-col gap-4 px-3 py-5 sm:px-5">
      {filter.batch ? <BatchHead id={filter.batch} /> : <Title tasks={tasks.total} batches={batches} />}
      <Toolbar filter={filter} onFilter={setFilter} Choose={Choose} />
      <BulkBar shown={tasks.shown} />
      {batches > 0 && <BatchList />}
      <PanelBoundary>
        <Content
          Choose={Choose}
          Sample={Sample}
          tasks={tasks}
          filtered={filter.q !== "" || filter.status !== ""}
          onRange={onRange}
          grouped={batches > 0 || filter.batch !== ""}
          onClear={() => setFilter({ q: "", status: "" })}
        />
      </PanelBoundary>
      <div className="h-20" />
    </div>
  );
}

/** How many batches there are; 0 where none are shown. */
function useBatchCount(grouped: boolean): number {
  const refetchInterval = usePollInterval();
  const { data } = useQuery({ ...batchesQuery(0), enabled: grouped, refetchInterval });
  return grouped ? (data?.total ?? 0) : 0;
}

function Title({ tasks, batches }: { tasks: number | undefined; batches: number }) {
  const { t } = useTranslation();
  const hidden = useHidden();
  return (
    <div className="flex items-baseline gap-2.5">
      <title>{`${t("dashboard.title")} · LocalClip`}</title>
      <h1 className="text-lg font-semibold tracking-tight">{t("dashboard.title")}</h1>
      {tasks !== undefined && (
        <span className="text-soft tabular-nums" data-testid="total">
          {batches > 0 && `${t("dashboard.batches", { count: batches })} · `}
          {t("dashboard.count", { count: Math.max(0, tasks - hidden.size) })}
        </span>
      )}
    </div>
  );
}

interface ContentProps {
  Choose: FileChooser;
  Sample: SampleDub;
  tasks: TaskWindow;
  filtered: boolean;
  /** A batch stands above, or several. */
  grouped: boolean;
  onRange: (first: number, last: number) => void;
  onClear: () => void;
}

function Content({ Choose, Sample, tasks, filtered, grouped, onRange, onClear }: ContentProps) {
  const { t } = useTranslation();
  const view = useView((state) => state.view);
  const hidden = useHidden();
  if (tasks.total === undefined && tasks.error) return <Failure error={tasks.error} onRetry={tasks.retry} />;
  if (tasks.total === undefined) return <Loading />;
  if (tasks.total === 0 && filtered) {
    return (
      <Empty
        icon={SearchX}
        title={t("dashboard.nothing_found")}
        action={<Button onClick={onClear}>{t("dashboard.clear_filter")}</Button>}
      />
    );
  }
  if (tasks.total === 0 && grouped) return null;
  if (tasks.total === 0) return <FirstSteps Choose={Choose} Sample={Sample} />;
  return <TaskList view={view} total={tasks.total} hidden={hidden} tasks={tasks} onRange={onRange} />;
}

function FirstSteps({ Choose, Sample }: { Choose: FileChooser; Sample: SampleDub }) {
  const { t } = useTranslation();
  return (
    <div className="border-edge/40 mt-2 rounded-2xl border-2 border-dashed">
      <Empty
        icon={Clapperboard}
        title={t("dashboard.empty_title")}
        action={
          <div className="flex flex-wrap justify-center gap-2">
            <Choose>
              {(choose) => (
                <Button look="primary" icon={Plus} onClick={choose}>
                  {t("dashboard.choose")}
                </Button>
              )}
            </Choose>
            <Sample>
              {(begin, busy) => (
                <Button icon={Sparkles} disabled={busy} onClick={begin}>
                  {t(busy ? "dashboard.sample_coming" : "dashboard.sample")}
                </Button>
              )}
            </Sample>
          </div>
        }
      >
        {t("dashboard.empty_text")}
      </Empty>
    </div>
  );
}

function Loading() {
  const { t } = useTranslation();
  return (
    <div
      role="status"
      aria-label={t("common.loading")}
      className="grid grid-cols-[repeat(auto-fill,minmax(17rem,1fr))] gap-4"
    >
      {["a", "b", "c", "d"].map((key) => (
        <div key={key} className="skeleton h-80 rounded-xl" />
      ))}
    </div>
  );
}
