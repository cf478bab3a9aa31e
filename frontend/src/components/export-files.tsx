import "@/i18n/later";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, FileAudio, FileText, FileVideo, Trash2 } from "lucide-react";
import { useTranslation } from "react-i18next";
import { exporting, isOpen, recipesQuery } from "@/api/exports";
import type { ExportFile, ExportRead, PresetRead } from "@/api/generated";
import { keys } from "@/api/keys";
import { bytes, languageName } from "@/core/format";
import { burnedIn, exportTone, presetOf } from "@/core/recipes";
import { useRefusal } from "@/i18n/refusal";
import { EngineText } from "./engine-text";
import { Badge } from "./ui/badge";
import { Bar } from "./ui/bar";
import { Button } from "./ui/button";
import { IconButton } from "./ui/icon-button";
import { WaitText } from "./wait-text";

const NO_PRESETS: PresetRead[] = [];

/** A file that can be saved, under the name it then has. */
export function FileRow({ name, size, media_type, url }: Pick<ExportFile, "name" | "size" | "media_type" | "url">) {
  const { t } = useTranslation();
  const Icon = media_type.startsWith("video/") ? FileVideo : media_type.startsWith("audio/") ? FileAudio : FileText;
  return (
    <li className="flex items-center gap-2.5 px-3 py-2">
      <Icon aria-hidden size={17} className="text-soft shrink-0" />
      <span className="min-w-0 flex-1 truncate">{name}</span>
      <span className="text-soft text-xs tabular-nums">{bytes(size)}</span>
      <Button small asChild>
        <a href={`${url}?download=true`} download aria-label={t("editor.download_file", { name })}>
          <Download aria-hidden size={14} />
          {t("export.download")}
        </a>
      </Button>
    </li>
  );
}

/** An export by recipe: how far it is, then its files. */
export function MadeExport({ task, made }: { task: string; made: ExportRead }) {
  const { t, i18n } = useTranslation();
  const refuse = useRefusal();
  const cache = useQueryClient();
  const { mutate, isPending } = useMutation({
    mutationFn: () => exporting.remove(task, made.export_id),
    onSuccess: () => cache.invalidateQueries({ queryKey: keys.exports(task) }),
    onError: (error) => refuse(error),
  });
  const { data: presets = NO_PRESETS } = useQuery(recipesQuery);
  const preset = presetOf(made.recipe, presets);
  const burned = burnedIn(made.recipe);
  return (
    <article data-export={made.status} data-recipe={preset?.name}>
      <h3 className="mb-1.5 flex items-center gap-2 font-medium">
        {preset ? t(`recipe.${preset.name as "master"}`, { defaultValue: preset.title }) : t("export.recipe")}
        {burned && ` · ${languageName(burned, i18n.language)}`}
        <Badge look={exportTone(made)}>{t(`status.${made.status}`)}</Badge>
        <IconButton
          small
          icon={Trash2}
          label={t("export.remove")}
          disabled={isPending}
          onClick={() => mutate()}
          className="ml-auto"
        />
      </h3>
      {isOpen(made) && <Making task={task} made={made} />}
      {made.error_message && (
        <p className="text-bad">
          <EngineText code={made.error_code} text={made.error_message} />
        </p>
      )}
      {made.languages && Object.keys(made.languages).length > 0 && <States made={made} />}
      {made.files.length > 0 && (
        <ul className="border-line divide-line divide-y rounded-lg border">
          {made.files.map((file) => (
            <FileRow key={file.name} {...file} />
          ))}
        </ul>
      )}
    </article>
  );
}

/** How far it is, and what it waits for. */
function Making({ task, made }: { task: string; made: ExportRead }) {
  const { t } = useTranslation();
  return (
    <div className="grid gap-1">
      <Bar value={made.progress} label={t("export.title")} />
      <WaitText task={task} of={{ what: "export", export_id: made.export_id }} />
    </div>
  );
}

/** Of each language in it, whether it holds what the lines are now, and what is missing. */
function States({ made }: { made: ExportRead }) {
  const { t, i18n } = useTranslation();
  return (
    <ul className="text-soft mb-1.5 flex flex-wrap gap-x-3 gap-y-1 text-xs">
      {Object.entries(made.languages ?? {}).map(([code, { state, lines_unspoken, lines_failed, gate }]) => (
        <li key={code} data-language={code} data-state={state} className={state === "older" ? "text-warn" : ""}>
          {[
            `${languageName(code, i18n.language)}: ${t(`export.state.${state}`)}`,
            lines_unspoken > 0 && t("export.lines_unspoken", { count: lines_unspoken }),
            lines_failed > 0 && t("export.lines_failed", { count: lines_failed }),
            gate === "failed" && t("report.not_passed"),
          ]
            .filter(Boolean)
            .join(", ")}
        </li>
      ))}
    </ul>
  );
}
