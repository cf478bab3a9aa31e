import "@/i18n/later";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { FileQuestion } from "lucide-react";
import type { LineRead, ReviewLine, SegmentRead, SpeakerRead, TaskRead } from "@/api/generated";
import { usePollInterval } from "@/api/connection";
import { ApiProblem } from "@/api/problems";
import { reviewQuery, segmentsQuery, speakersQuery, taskQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Empty, Failure } from "@/components/ui/states";
import { called, judgedIn, rowsOf } from "@/core/lines";
import { isBusy, targets } from "@/core/progress";
import { useLines } from "../state/beside";
import { type Editor, EditorProvider, type Read } from "../state/context";
import { useDrafts } from "../state/drafts";
import { reviewMode } from "../state/review-mode";
import { Transport } from "../state/transport";
import { resetView } from "../state/view";
import { Workbench } from "./workbench";

/** The page of one task. */
export default function EditorPage() {
  const { t } = useTranslation();
  const { taskId = "" } = useParams();
  const refetchInterval = usePollInterval();
  const { data: task, error, refetch } = useQuery({ ...taskQuery(taskId), refetchInterval });
  if (error instanceof ApiProblem && error.status === 404) {
    return (
      <Empty
        page
        icon={FileQuestion}
        title={t("editor.gone_title")}
        action={
          <Button asChild>
            <Link to="/dashboard">{t("not_found.home")}</Link>
          </Button>
        }
      >
        {t("editor.gone_text")}
      </Empty>
    );
  }
  if (!task && error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!task) return <Loading />;
  return <Loaded key={taskId} task={task} />;
}

const NO_SEGMENTS: SegmentRead[] = [];
const NO_LINES: LineRead[] = [];
const NO_SPEAKERS: SpeakerRead[] = [];
const NO_REVIEW: ReviewLine[] = [];

function Loaded({ task }: { task: TaskRead }) {
  const { t } = useTranslation();
  const [params] = useSearchParams();
  const poll = usePollInterval();
  const codes = targets(task).map(([code]) => code);
  const asked = params.get("language");
  const language = asked && codes.includes(asked) ? asked : (codes[0] ?? "");
  const id = task.task_id;
  const ofSegments = useQuery({ ...segmentsQuery(id), refetchInterval: poll });
  const ofLines = useLines(task, language);
  const ofReview = useQuery({ ...reviewQuery(id), refetchInterval: poll });
  const { data: segments = NO_SEGMENTS } = ofSegments;
  const { data: lines = NO_LINES } = ofLines;
  const { data: review = NO_REVIEW } = ofReview;
  const read = useRead(ofSegments.data !== undefined, ofLines.data !== undefined || language === "", ofReview.data !== undefined);
  const unread = useUnread([ofSegments, ofLines, ofReview].find(({ data, error }) => data === undefined && error));
  const { data: found = NO_SPEAKERS } = useQuery({ ...speakersQuery(id), refetchInterval: poll });
  const transport = useMemo(() => new Transport(), []);
  useEffect(() => {
    resetView();
    return () => {
      useDrafts.getState().clear();
      reviewMode.end();
    };
  }, []);
  const speakers = useMemo(() => called(found, (number) => t("speaker.new_name", { number })), [found, t]);
  const rows = useMemo(() => rowsOf(segments, lines), [segments, lines]);
  const judged = useMemo(() => judgedIn(review, language), [review, language]);
  const editor = useMemo<Editor>(() => {
    const duration = task.media?.duration_s ?? 0;
    return { task, language, rows, review, judged, speakers, duration, busy: isBusy(task), transport, read, unread };
  }, [task, language, rows, review, judged, speakers, transport, read, unread]);
  return (
    <EditorProvider value={editor}>
      <Workbench />
    </EditorProvider>
  );
}

const useRead = (segments: boolean, lines: boolean, review: boolean): Read =>
  useMemo(() => ({ segments, lines, review }), [segments, lines, review]);

function useUnread(query: UseQueryResult | undefined): Editor["unread"] {
  const { error, refetch } = query ?? {};
  return useMemo(() => (error && refetch ? { error, retry: () => void refetch() } : null), [error, refetch]);
}

function Loading() {
  const { t } = useTranslation();
  return (
    <div role="status" aria-label={t("common.loading")} className="grid flex-1 gap-4 p-5 lg:grid-cols-[2fr_3fr]">
      <div className="skeleton aspect-video rounded-xl" />
      <div className="skeleton min-h-60 rounded-xl" />
    </div>
  );
}
