import { Languages } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { PictureRead, PictureTitle, PlacedText } from "@/api/generated";
import { EngineText } from "@/components/engine-text";
import { Button } from "@/components/ui/button";
import { Check, Field, Input } from "@/components/ui/fields";
import { WaitText } from "@/components/wait-text";
import { clock, languageName } from "@/core/format";
import { placed, placedFor, untranslated, withPlaced } from "@/core/picture";
import { useEditor } from "../state/context";
import { useSaveEdits, useTranslateTitles } from "../state/use-picture";
import { TimeField } from "./time-field";

/** Titles and signs: each may be covered, and a text of one's own set in its place. Nothing of that happens by itself. */
export function PictureTitles({ picture }: { picture: PictureRead }) {
  const { t } = useTranslation();
  const { task } = useEditor();
  const titles = picture.words?.titles ?? [];
  if (titles.length === 0) return null;
  return (
    <details data-testid="picture-titles">
      <summary className="font-medium">{t("picture.titles")}</summary>
      {(task.config.export_settings?.picture ?? "original") === "original" && (
        <p className="text-soft mt-1.5 text-xs">{t("picture.titles_left")}</p>
      )}
      <TranslateAll picture={picture} />
      <ul className="mt-2 grid gap-1 text-xs">
        {titles.map((title) => (
          <Title key={`${title.text}/${title.first_s}/${title.box.y}`} picture={picture} title={title} />
        ))}
      </ul>
    </details>
  );
}

/** One click for all that are covered and say nothing yet. */
function TranslateAll({ picture }: { picture: PictureRead }) {
  const { t, i18n } = useTranslation();
  const { task, language } = useEditor();
  const { translate, asking } = useTranslateTitles();
  const left = untranslated(picture, language);
  const waits = Object.values(picture.translations?.[language] ?? {}).some(({ state }) => state === "waiting");
  if (left.length < 2 && !waits) return null;
  return (
    <div className="mt-2 grid gap-1.5">
      {left.length > 1 && (
        <Button small icon={Languages} disabled={asking} onClick={() => translate(left.map(({ text }) => text))}>
          {t("picture.translate_all", { count: left.length, language: languageName(language, i18n.language) })}
        </Button>
      )}
      {waits && <WaitText task={task.task_id} of={{ what: "titles", language }} />}
    </div>
  );
}

function Title({ picture, title }: { picture: PictureRead; title: PictureTitle }) {
  const { t } = useTranslation();
  const { duration } = useEditor();
  const save = useSaveEdits();
  const set = placedFor(picture.edits, title);
  const change = (next: PlacedText | null) => save(withPlaced(picture.edits, title, next));
  return (
    <li className="bg-sunken grid gap-2 rounded-md px-2.5 py-1.5">
      <span className="grid grid-cols-[auto_1fr_auto] items-start gap-2">
        <Moment at={title.first_s} />
        <span>{title.text}</span>
        <Check
          label={t("picture.covers", { text: title.text })}
          hideLabel
          checked={set !== undefined}
          onChange={(event) => change(event.target.checked ? placed(title, duration) : null)}
        />
      </span>
      {set && <Covered picture={picture} set={set} title={title} change={change} />}
    </li>
  );
}

interface CoveredProps {
  picture: PictureRead;
  set: PlacedText;
  title: PictureTitle;
  change: (next: PlacedText) => void;
}

/** From when to when it is covered, and what stands there in the language shown. */
function Covered({ picture, set, title, change }: CoveredProps) {
  const { t, i18n } = useTranslation();
  const { language } = useEditor();
  const keep = (text: string) => {
    const { [language]: _, ...others } = set.texts ?? {};
    const texts = text.trim() ? { ...others, [language]: text.trim() } : others;
    if ((set.texts?.[language] ?? "") !== text.trim()) change({ ...set, texts });
  };
  return (
    <div className="grid grid-cols-2 gap-2">
      <TimeField
        label={t("picture.title_from")}
        value={set.start_s}
        onCommit={(start_s) => start_s < set.end_s && change({ ...set, start_s: Math.max(0, start_s) })}
      />
      <TimeField
        label={t("picture.title_to")}
        value={set.end_s}
        onCommit={(end_s) => end_s > set.start_s && change({ ...set, end_s })}
      />
      <div className="col-span-2">
        <Field
          label={t("picture.title_text", { language: languageName(language, i18n.language) })}
          hint={t("picture.title_hint")}
        >
          {(field) => (
            <Input
              {...field}
              key={`${language}/${title.text}/${set.texts?.[language] ?? ""}`}
              lang={language}
              defaultValue={set.texts?.[language] ?? ""}
              onBlur={(event) => keep(event.target.value)}
              onKeyDown={(event) => event.key === "Enter" && keep(event.currentTarget.value)}
            />
          )}
        </Field>
      </div>
      <div className="col-span-2">
        <Translation picture={picture} title={title} now={set.texts?.[language] ?? ""} take={keep} />
      </div>
    </div>
  );
}

interface TranslationProps {
  picture: PictureRead;
  title: PictureTitle;
  now: string;
  take: (text: string) => void;
}

/** What the translator of the language makes of a title: asked for, waited for, offered, or why there is none. */
function Translation({ picture, title, now, take }: TranslationProps) {
  const { t } = useTranslation();
  const { language } = useEditor();
  const { translate, asking } = useTranslateTitles();
  const made = picture.translations?.[language]?.[title.text];
  const waits = asking || made?.state === "waiting";
  return (
    <div className="flex flex-wrap items-center gap-1.5" data-testid="title-translation">
      {made?.state === "ready" && made.text && made.text !== now && (
        <Button small look="primary" onClick={() => take(made.text ?? "")}>
          {t("picture.use_translation", { text: made.text })}
        </Button>
      )}
      <Button
        small
        icon={Languages}
        disabled={waits}
        aria-label={t("picture.translate_title", { text: title.text })}
        onClick={() => translate([title.text])}
      >
        {t(waits ? "picture.translating" : "picture.translate")}
      </Button>
      <p role="status" className={made?.state === "failed" ? "text-bad" : "text-soft empty:hidden"}>
        {made?.state === "canceled" && t("failure.canceled")}
        {made?.state === "failed" && (
          <>
            {t("picture.not_translated")} <EngineText code={made.error_code} text={made.error_message ?? ""} />
          </>
        )}
      </p>
    </div>
  );
}

/** A time that leads there. */
export function Moment({ at }: { at: number }) {
  const { transport } = useEditor();
  return (
    <button type="button" className="text-soft tabular-nums underline" onClick={() => transport.seek(at)}>
      {clock(at, 1)}
    </button>
  );
}
