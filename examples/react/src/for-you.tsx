import { useFeatures } from "@tidemark/sdk/react";
import { BookList } from "./book-list.tsx";
import { booksOn, pathOf } from "./books.ts";
import { favouriteShelf, recentPaths } from "./favourite-shelf.ts";

/** The block at the top of the shop: first a welcome, then more books of the visitor's favourite shelf. */
export const ForYou = () => {
  const { features } = useFeatures();
  const shelf = favouriteShelf(features);
  if (!shelf)
    return (
      <aside id="for-you">
        <h2>Come in and look around</h2>
        <p>Open a book and read its first page. We recommend books once we know which shelf you like.</p>
      </aside>
    );
  const seen = recentPaths(features);
  const books = booksOn(shelf).filter((book) => !seen.includes(pathOf(book)));
  return (
    <aside id="for-you" className={shelf}>
      <h2>You seem to like the {shelf} shelf</h2>
      {books.length ? (
        <BookList books={books} />
      ) : (
        <p>You have opened every book on it. Ask at the desk: there are more in the cellar.</p>
      )}
    </aside>
  );
};
