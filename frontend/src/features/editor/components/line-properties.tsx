import { AudioLines, MousePointerClick } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { LineRead, SegmentRead } from "@/api/generated";
import { EngineText } from "@/components/engine-text";
import { Button } from "@/components/ui/button";
import { WaitText } from "@/components/wait-text";
import { Field } from "@/components/ui/fields";
import { Empty } from "@/components/ui/states";
import { languageName } from "@/core/format";
import { issuesOf } from "@/core/lines";
import { useEditor } from "../state/context";
import { useEdits } from "../state/use-edits";
import { useRedub } from "../state/use-redub";
import { useView } from "../state/view";
import { useWaiting, waitKey } from "../state/waiting";
import { IssueBadges } from "./issue-badges";
import { Alternatives } from "./alternatives";
import { LineOwn } from "./line-own";
import { CaptionDecisions } from "./caption-decisions";
import { LineSwitches } from "./line-switches";
import { SpeakerSelect } from "./speaker-select";
import { later } from "@/components/ui/later";
import { Takes } from "./takes";
import { TimeField } from "./time-field";
import { VoiceButton } from "./voice-button";
import { Wishes } from "./wishes";

const LineSource = later<{ segment: SegmentRead }>(() => import("./line-source"));

export function LineProperties() {
  const { t, i18n } = useTranslation();
  const { task, language, rows, busy, judged, read } = useEditor();
  const { retime } = useEdits(task.task_id, language);
  const redub = useRedub();
  const selected = useView((state) => state.selected);
  const waiting = useWaiting((state) => state.lines.has(waitKey(task.task_id, language, selected ?? "")));
  const row = rows.find(({ segment }) => segment.segment_id === selected);
  if (!row) return <Empty icon={MousePointerClick} title={t("properties.no_line")} />;
  const { segment, line } = row;
  return (
    <div className="grid grid-cols-[minmax(0,1fr)] gap-4" key={segment.segment_id}>
      <div className="flex flex-wrap gap-1.5 empty:hidden">
        <IssueBadges issues={issuesOf(row, busy || !read.lines, judged.get(segment.segment_id))} line={line} />
      </div>
      <div className="grid grid-cols-2 gap-2.5">
        <TimeField
          label={t("properties.start")}
          value={segment.start_s}
          onCommit={(start_s) => void retime(segment.segment_id, { start_s })}
        />
        <TimeField
          label={t("properties.end")}
          value={segment.end_s}
          onCommit={(end_s) => void retime(segment.segment_id, { end_s })}
        />
      </div>
      <Field label={t("properties.speaker")}>
        {(field) => (
          <SpeakerSelect
            {...field}
            value={segment.speaker_id}
            onChoose={(speaker_id) => void retime(segment.segment_id, { speaker_id })}
          />
        )}
      </Field>
      {line && <LineVoice line={line} />}
      {line && <Facts line={line} />}
      {line && <LineOwn line={line} />}
      {line && <LineSwitches line={line} />}
      <LineSource segment={segment} />
      {segment.language && (
        <p className="text-soft text-xs">
          {t("plan.spoken_here", { language: languageName(segment.language, i18n.language) })}
        </p>
      )}
      {line && <CaptionDecisions line={line} />}
      {line && <Wishes line={line} />}
      {line && <Alternatives line={line} />}
      {line?.text && (
        <Button icon={AudioLines} disabled={waiting} onClick={() => void redub(segment.segment_id)}>
          {t(waiting ? "editor.dubbing" : "editor.dub_line")}
        </Button>
      )}
      {waiting && <WaitText task={task.task_id} of={{ what: "line", language, segment_id: segment.segment_id }} />}
      {line && <Takes line={line} />}
    </div>
  );
}

/** Whose voice says it, in this language. */
function LineVoice({ line }: { line: LineRead }) {
  const { t } = useTranslation();
  const { speakers } = useEditor();
  const speaker = speakers.find((one) => one.speaker_id === line.speaker_id);
  if (!speaker) return null;
  return (
    <VoiceButton
      value={line.voice}
      none={t("voices.as_speaker", { name: speaker.name })}
      speaker={speaker}
      segment={line.segment_id}
      scope="line"
    />
  );
}

/** How the take was made to fit, in figures. */
function Facts({ line }: { line: LineRead }) {
  const { t } = useTranslation();
  const facts = [
    [t("properties.slot"), `${(line.end_s - line.start_s).toFixed(2)} s`],
    line.take_duration_s !== null && [t("properties.take_length"), `${line.take_duration_s.toFixed(2)} s`],
    line.speed !== null && [t("properties.speed"), `${line.speed.toFixed(2)}×`],
    line.fit && [t("properties.fit"), t(`fit.${line.fit as "natural"}`)],
    line.error_rate !== null && [t("properties.error_rate"), `${Math.round(line.error_rate * 100)} %`],
    line.similarity !== null && [t("properties.similarity"), line.similarity.toFixed(2)],
  ].filter((fact): fact is [string, string] => Array.isArray(fact));
  return (
    <div className="grid gap-2">
      <dl className="grid grid-cols-2 gap-2 sm:grid-cols-4">
        {facts.map(([name, value]) => (
          <div key={name} className="bg-sunken rounded-md px-2.5 py-1.5">
            <dt className="text-soft text-xs">{name}</dt>
            <dd className="font-medium tabular-nums">{value}</dd>
          </div>
        ))}
      </dl>
      {line.origin === "sound" && <p className="text-soft text-xs">{t("properties.from_sound")}</p>}
      {line.heard && <p className="text-soft text-xs">{t("properties.heard", { text: line.heard })}</p>}
      {line.decision && (
        <p className="text-soft text-xs">
          <EngineText text={line.decision} />
        </p>
      )}
      {line.error_message && (
        <p className="text-bad text-xs">
          <EngineText code={line.error_code} text={line.error_message} />
        </p>
      )}
    </div>
  );
}
