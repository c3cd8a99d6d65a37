package control

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// writeSize is how much of a list is gathered for one write.
const writeSize = 128 << 10

// walker reads a request's query. Where it makes no sense it answers so, and
// returns nil.
func (s *Server) walker(w http.ResponseWriter, r *http.Request) *walker {
	q, err := s.query(r)
	if err != nil {
		refuse(w, err)
		return nil
	}
	return &walker{source: s.source, names: s.names, query: q, pause: r.Context().Err}
}

func (s *Server) query(r *http.Request) (q Query, err error) {
	switch f := r.FormValue("family"); f {
	case "", "4", "6":
		n, _ := strconv.Atoi(f)
		q.Family = Family(n)
	default:
		return q, fmt.Errorf("family %q: expected 4 or 6", f)
	}
	if q.Filter, err = ParseFilter(strings.Fields(r.FormValue("filter"))); err != nil {
		return q, err
	}
	return q, q.Filter.check(s.names)
}

// problem is the answer to a request that makes no sense.
type problem struct {
	Error string `json:"error"`
}

func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	json.NewEncoder(w).Encode(problem{err.Error()}) // the client may be gone: nobody to tell
}

// answer sends v, or breaks off where there is none.
func answer[T any](w http.ResponseWriter, v T, err error) {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// list answers with what walk finds.
func (s *Server) list(walk func(*walker, func(*Session)) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		wk := s.walker(w, r)
		if wk == nil {
			return
		}
		out := bufio.NewWriterSize(w, writeSize)
		write, end, err := writerOf(r.FormValue("as"), out)
		if err != nil {
			refuse(w, err)
			return
		}
		if w.Header().Set("Content-Type", "text/plain; charset=utf-8"); r.FormValue("as") == "" {
			w.Header().Set("Content-Type", "application/x-ndjson")
		}
		var failed error
		wk.pause = func() error {
			if err := r.Context().Err(); err != nil {
				return err
			}
			return failed
		}
		n := 0
		err = walk(wk, func(e *Session) {
			n++
			if failed == nil {
				failed = write(e)
			}
		})
		if err == nil {
			_, err = out.WriteString(end(n))
		}
		if err == nil {
			err = out.Flush()
		}
		if err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// writerOf returns how a session is written in that form, and what stands behind
// the last of n.
func writerOf(form string, out *bufio.Writer) (write func(*Session) error, end func(n int) string, err error) {
	var buf []byte
	switch form {
	case "":
		enc := json.NewEncoder(out)
		return func(s *Session) error { return enc.Encode(s) }, func(int) string { return "" }, nil
	case "block":
		write = func(s *Session) error {
			buf = append(s.AppendBlock(buf[:0]), '\n')
			_, err := out.Write(buf)
			return err
		}
		return write, func(n int) string { return fmt.Sprintf("total session: %d\n", n) }, nil
	case "short":
		_, err = out.WriteString(shortHead)
		write = func(s *Session) error {
			buf = s.AppendShort(buf[:0])
			_, err := out.Write(buf)
			return err
		}
		return write, func(int) string { return "" }, err
	}
	return nil, nil, fmt.Errorf("as %q: expected block or short", form)
}

func (s *Server) clear(w http.ResponseWriter, r *http.Request) {
	if wk := s.walker(w, r); wk != nil {
		c, err := wk.clear()
		answer(w, c, err)
	}
}

func (s *Server) stats(w http.ResponseWriter, r *http.Request) {
	if wk := s.walker(w, r); wk != nil {
		st, err := wk.stats(s.setups.read())
		answer(w, st, err)
	}
}

// topMost bounds how many rows may be asked for.
const topMost = 10000

func (s *Server) top(w http.ResponseWriter, r *http.Request) {
	wk := s.walker(w, r)
	if wk == nil {
		return
	}
	by, count := r.FormValue("by"), r.FormValue("count")
	n, err := strconv.Atoi(count)
	switch {
	case !slices.Contains(TopKeys, by):
		refuse(w, fmt.Errorf("top by %q: expected one of %s", by, strings.Join(TopKeys, ", ")))
		return
	case err != nil || n < 1 || n > topMost:
		refuse(w, fmt.Errorf("top %q: expected a number from 1 to %d", count, topMost))
		return
	}
	t, err := wk.top(by, n)
	answer(w, t, err)
}

func (s *Server) interfaces(w http.ResponseWriter, _ *http.Request) {
	list := []Interface{}
	for i, name := range s.names.Interfaces() {
		list = append(list, Interface{Index: i + 1, Name: name})
	}
	answer(w, list, nil)
}
