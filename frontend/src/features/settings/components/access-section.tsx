import { useQueryClient } from "@tanstack/react-query";
import { KeyRound, LogOut } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { toast } from "sonner";
import { useConnection } from "@/api/connection";
import { forgetKey, hasKey, keepKey } from "@/api/key";
import { Button } from "@/components/ui/button";
import { Field, Input } from "@/components/ui/fields";
import { Section } from "./section";

/** The API key this browser sends. */
export function AccessSection() {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [key, setKey] = useState("");
  const [kept, setKept] = useState(hasKey);
  const renew = () => {
    useConnection.getState().reconnect();
    void cache.resetQueries();
  };
  const save = (event: FormEvent) => {
    event.preventDefault();
    keepKey(key.trim());
    setKey("");
    setKept(true);
    toast.success(t("settings.key_kept"));
    renew();
  };
  const forget = () => {
    forgetKey();
    setKept(false);
    renew();
  };
  return (
    <Section title={t("settings.access")} text={t("settings.access_text")}>
      <form className="flex flex-wrap items-end gap-2" onSubmit={save}>
        <div className="min-w-60 flex-1">
          <Field label={t("key.label")} hint={t(kept ? "settings.key_set" : "settings.key_not_set")}>
            {(field) => (
              <Input
                {...field}
                type="password"
                autoComplete="off"
                required
                minLength={16}
                value={key}
                onChange={(event) => setKey(event.target.value)}
              />
            )}
          </Field>
        </div>
        <span className="mb-5 flex gap-2">
          <Button type="submit" icon={KeyRound}>
            {t("common.save")}
          </Button>
          {kept && (
            <Button look="danger" icon={LogOut} onClick={forget}>
              {t("settings.forget_key")}
            </Button>
          )}
        </span>
      </form>
    </Section>
  );
}
