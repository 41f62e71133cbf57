import { useEffect } from "react";
import { BookList } from "./book-list.tsx";
import { booksOn, shelves } from "./books.ts";

/** The home page, with all shelves. */
export const HomePage = () => {
  useEffect(() => {
    document.title = "Three Shelves";
  }, []);

  return shelves.map((shelf) => (
    <section key={shelf}>
      <h2>The {shelf} shelf</h2>
      <BookList books={booksOn(shelf)} />
    </section>
  ));
};
