import "@testing-library/jest-dom/vitest";
import { cleanup } from "@testing-library/react";
import { afterEach } from "vitest";
import { client } from "@/api/generated/client.gen";

client.setConfig({ baseUrl: "http://localhost" }); // a page has an address of its own to start from; Node has none
afterEach(cleanup);
