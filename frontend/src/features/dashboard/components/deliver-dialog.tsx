import "@/i18n/later";
import { useQuery } from "@tanstack/react-query";
import { CloudUpload } from "lucide-react";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useDeliver } from "@/api/deliveries";
import type { BatchRead } from "@/api/generated";
import { languagesQuery } from "@/api/queries";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Check, Field, Input } from "@/components/ui/fields";
import { languageName } from "@/core/format";
import { useProblemText } from "@/i18n/problem-text";

interface DeliverDialogProps {
  batch: BatchRead;
  /** The folder of the bucket below which everything lies. */
  opened: string;
  folder: string;
  onClose: () => void;
}

/** Where the files of a batch are to be copied, and of which languages. */
export function DeliverDialog({ batch, opened, folder, onClose }: DeliverDialogProps) {
  const { t } = useTranslation();
  const say = useProblemText();
  const form = useId();
  const [name, setName] = useState(folder);
  const [to, setTo] = useState<string[]>([]);
  const { mutate, isPending, error } = useDeliver(batch.batch_id);
  return (
    <Dialog
      open
      onOpenChange={(open) => open || onClose()}
      title={t("deliver.dialog", { name: batch.name })}
      description={t(batch.ended_at === null ? "deliver.unfinished" : "deliver.text")}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button type="submit" form={form} look="primary" icon={CloudUpload} disabled={isPending || !name.trim()}>
            {t("deliver.copy")}
          </Button>
        </>
      }
    >
      <form
        id={form}
        className="grid grid-cols-[minmax(0,1fr)] gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          mutate({ prefix: name, to }, { onSuccess: onClose });
        }}
      >
        <Field
          label={t("deliver.folder")}
          hint={<span className="break-words">{t("deliver.goes_to", { where: `${opened}${name.trim()}/` })}</span>}
          error={error ? say(error) : undefined}
        >
          {(field) => (
            <Input {...field} required maxLength={500} value={name} onChange={(event) => setName(event.target.value)} />
          )}
        </Field>
        <Languages value={to} onChange={setTo} />
      </form>
    </Dialog>
  );
}

/** Target languages to tick; with none ticked all are meant. */
function Languages({ value, onChange }: { value: string[]; onChange: (codes: string[]) => void }) {
  const { t, i18n } = useTranslation();
  const { data: languages = [] } = useQuery(languagesQuery);
  return (
    <fieldset>
      <legend className="text-soft mb-1 text-xs font-medium">{t("deliver.languages")}</legend>
      <div className="flex flex-wrap gap-x-4">
        {languages
          .filter(({ is_target }) => is_target)
          .map(({ code }) => (
            <Check
              key={code}
              className="min-h-9"
              label={languageName(code, i18n.language)}
              checked={value.includes(code)}
              onChange={({ target }) =>
                onChange(target.checked ? [...value, code] : value.filter((other) => other !== code))
              }
            />
          ))}
      </div>
    </fieldset>
  );
}
