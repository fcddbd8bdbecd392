import { Lexer, type Token } from "marked";

/** The top-level blocks of a text. A file of its own: the page draws before the parser has come. */
export function lex(source: string): Token[] {
  return new Lexer({ gfm: true }).lex(source);
}
