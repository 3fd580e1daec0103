/** The protoc plugin that writes src/schema/generated; buf runs it (buf.gen.yaml). */
import { runNodeJs } from "@bufbuild/protoplugin";
import { protocGenNri } from "./plugin.ts";

runNodeJs(protocGenNri);
