import type en from "./en.json";
import type later from "./en.later.json";

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "translation";
    resources: { translation: typeof en & typeof later };
  }
}
