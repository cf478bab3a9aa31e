import type { LucideIcon } from "lucide-react";
import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useProblemText } from "@/i18n/problem-text";
import { Button } from "./button";

interface EmptyProps {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
  /** It is all there is on the page. */
  page?: boolean;
}

/** Nothing is here yet, and what to do about it. */
export function Empty({ icon: Icon, title, children, action, page }: EmptyProps) {
  const Title = page ? "h1" : "h2";
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center gap-2 px-6 py-12 text-center">
      <span className="bg-sunken text-soft mb-1 inline-flex size-11 items-center justify-center rounded-full">
        <Icon aria-hidden size={20} />
      </span>
      <Title className="font-semibold">{title}</Title>
      {children && <div className="text-soft text-pretty">{children}</div>}
      {action && <div className="mt-2 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** Something went wrong; what was said about it, and another try. */
export function Failure({ error, onRetry }: { error: unknown; onRetry?: (() => void) | undefined }) {
  const { t } = useTranslation();
  const say = useProblemText();
  return (
    <div role="alert" className="mx-auto flex max-w-sm flex-col items-center gap-2 px-6 py-10 text-center">
      <CircleAlert aria-hidden size={22} className="text-bad" />
      <p className="font-medium">{t("error.title")}</p>
      <p className="text-soft">{say(error)}</p>
      {onRetry && (
        <Button icon={RotateCw} className="mt-2" onClick={onRetry}>
          {t("common.try_again")}
        </Button>
      )}
    </div>
  );
}
