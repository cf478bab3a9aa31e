import { Compass } from "lucide-react";
import { useTranslation } from "react-i18next";
import { Link, useRouteError } from "react-router";
import { Button } from "@/components/ui/button";
import { Empty, Failure } from "@/components/ui/states";

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <Empty
      page
      icon={Compass}
      title={t("not_found.title")}
      action={
        <Button asChild>
          <Link to="/dashboard">{t("not_found.home")}</Link>
        </Button>
      }
    >
      {t("not_found.text")}
    </Empty>
  );
}

export function CrashPage() {
  return <Failure error={useRouteError()} onRetry={() => location.reload()} />;
}
