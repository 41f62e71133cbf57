import { useEffect } from "react";
import { Link, Route, Routes, useLocation } from "react-router";
import { BookPage } from "./book-page.tsx";
import { ForYou } from "./for-you.tsx";
import { HomePage } from "./home-page.tsx";
import { LiveFeatures } from "./live-features.tsx";
import { Suggestion } from "./suggestion.tsx";

/** The layout of every page: the block for the visitor, a suggestion, the page, and the visitor's features. */
export const Shop = () => {
  const { pathname } = useLocation();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new page starts at its top
  useEffect(() => {
    scrollTo(0, 0);
  }, [pathname]);

  return (
    <>
      <header>
        <Link className="brand" to="/">
          Three Shelves
        </Link>
        <p>A very small bookshop that notices what you like.</p>
      </header>
      <main>
        <ForYou />
        <Suggestion />
        <Routes>
          <Route path="/" element={<HomePage />} />
          <Route path="/:shelf/:id" element={<BookPage />} />
          <Route path="*" element={<h1>This page does not exist.</h1>} />
        </Routes>
      </main>
      <LiveFeatures />
    </>
  );
};
