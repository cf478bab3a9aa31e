import i18next from "i18next";
import later from "./en.later.json";

/**
 * English words of parts that are fetched when they are first shown: whatever such a part says and the first page does
 * not. It imports this file. Other languages are fetched as a whole.
 */
i18next.addResourceBundle("en", "translation", later, true, true);
