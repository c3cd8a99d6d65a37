package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"portcullis/packet"
	"portcullis/session"
)

// serve starts a server of f on a socket of its own.
func serve(t *testing.T, f Source) *Client {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(f, fakeNames{})
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), <-ended); err != nil {
			t.Error(err)
		}
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket is still there: %v", err)
		}
	})
	return NewClient(path)
}

func filter(t *testing.T, words string) Filter {
	t.Helper()
	f, err := ParseFilter(strings.Fields(words))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLists(t *testing.T) {
	c := serve(t, gallery())
	for _, test := range []struct {
		name   string
		list   func(context.Context, Query, Form, *bytes.Buffer) error
		query  Query
		form   Form
		has    []string
		hasNot string
	}{
		{"block", c.listed, Query{}, FormBlock, []string{"serial=00000001 ", "session6 info:", "\n\ntotal session: 9\n"}, "state=new"},
		{"of IPv4", c.listed, Query{Family: Family4}, FormBlock, []string{"total session: 8\n"}, "session6"},
		{"chosen", c.listed, Query{Filter: filter(t, "dport 443 negate src src 10.0.0.0/8")}, FormBlock, []string{"serial=00000003", "total session: 2\n"}, "serial=00000001"},
		{"none", c.listed, Query{Filter: filter(t, "dport 1")}, FormBlock, []string{"total session: 0\n"}, "serial"},
		{"short", c.listed, Query{Family: Family4}, FormShort, []string{"PROTO   EXPIRE", "tcp     3597   10.1.0.2:53466"}, "total"},
		{"JSON", c.listed, Query{}, FormJSON, []string{`{"serial":1,"proto":6,"proto_state":1,`, `"state":["log","may_dirty"]`}, "total"},
		{"expectations", c.listedExpectations, Query{Family: Family4}, FormBlock, []string{"state=new", "expire=24 ", "helper=ftp master=00000008", "total session: 1\n"}, "may_dirty"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := test.list(t.Context(), test.query, test.form, &b); err != nil {
				t.Fatal(err)
			}
			for _, want := range test.has {
				if !strings.Contains(b.String(), want) {
					t.Errorf("no %q in:\n%s", want, b.String())
				}
			}
			if strings.Contains(b.String(), test.hasNot) {
				t.Errorf("%q in:\n%s", test.hasNot, b.String())
			}
			for line := range strings.Lines(b.String()) {
				if test.form == FormJSON && !json.Valid([]byte(line)) {
					t.Errorf("no JSON: %s", line)
				}
			}
		})
	}
}

func (c *Client) listed(ctx context.Context, q Query, f Form, b *bytes.Buffer) error {
	return c.List(ctx, q, f, b)
}

func (c *Client) listedExpectations(ctx context.Context, q Query, f Form, b *bytes.Buffer) error {
	return c.ListExpectations(ctx, q, f, b)
}

func TestAnswers(t *testing.T) {
	c := serve(t, gallery())
	st, err := c.Stats(t.Context(), Query{Family: Family6})
	if err != nil || st.Sessions != 1 || st.Expectations != 1 || st.TCPStates[session.StateSynSent] != 1 || st.Clashes != 1 || st.Ephemeral != 1 {
		t.Errorf("stats: %+v, %v", st, err)
	}
	top, err := c.Top(t.Context(), Query{}, "policy", 1)
	if err != nil || len(top.Rows) != 1 || top.Rows[0].Key != "4" || top.Rows[0].Name != "out" || top.Sessions != 9 {
		t.Errorf("top: %+v, %v", top, err)
	}
	list, err := c.Interfaces(t.Context())
	if err != nil || len(list) != 3 || list[1] != (Interface{2, "port2"}) {
		t.Errorf("interfaces: %+v, %v", list, err)
	}
}

func TestRequestMistakes(t *testing.T) {
	c := serve(t, gallery())
	var b bytes.Buffer
	_, topBy := c.Top(t.Context(), Query{}, "colour", 1)
	_, topN := c.Top(t.Context(), Query{}, "policy", 0)
	for want, err := range map[string]error{
		`filter sintf: "port9": no such interface`: c.List(t.Context(), Query{Filter: filter(t, "sintf port9")}, FormBlock, &b),
		`as "html": expected block or short`:       c.List(t.Context(), Query{}, "html", &b),
		`top by "colour": expected one of source`:  topBy,
		`top "0": expected a number from 1 to`:     topN,
		`family "5": expected 4 or 6`:              c.List(t.Context(), Query{Family: 5}, FormBlock, &b),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	if b.Len() > 0 {
		t.Errorf("written all the same: %s", b.String())
	}
}

func TestClear(t *testing.T) {
	f := gallery()
	c := serve(t, f)
	n, err := c.Clear(t.Context(), Query{Filter: filter(t, "src 10.2.0.2")})
	if err != nil || n != (Cleared{Sessions: 1, Expectations: 1}) {
		t.Errorf("%+v, %v", n, err)
	}
	if len(f.cleared) != 1 || f.cleared[0].ID != 0x16f90 || len(f.forgotten) != 1 || f.forgotten[0].ID != 11 {
		t.Errorf("cleared %+v and %+v", f.cleared, f.forgotten)
	}
	if n, err = c.Clear(t.Context(), Query{Family: Family4}); err != nil || n != (Cleared{Sessions: 8, Expectations: 1}) {
		t.Errorf("all of IPv4: %+v, %v", n, err)
	}
}

// A list that the firewall can not end says so.
func TestListCutShort(t *testing.T) {
	f := gallery()
	for len(f.records) < 100_000 {
		f.records = append(f.records, rec(uint32(len(f.records)), key(6, "10.1.0.2", 1, "10.2.0.2", 2), key(6, "10.1.0.2", 1, "10.2.0.2", 2), nil))
	}
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := Listen(path, "")
	if err != nil {
		t.Fatal(err)
	}
	s := NewServer(f, fakeNames{})
	f.turn = func(cursor uint64) {
		if cursor == 3000 {
			go s.Close()
		} else if cursor > 3000 {
			time.Sleep(time.Millisecond)
		}
	}
	go s.Serve(l)
	var b bytes.Buffer
	err = NewClient(path).List(t.Context(), Query{}, FormBlock, &b)
	if err == nil || !strings.Contains(err.Error(), "cut short") {
		t.Errorf("%v after %d bytes", err, b.Len())
	}
}

// The operator is told why nobody answers.
func TestUnreachable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	_, err := NewClient(path).Interfaces(t.Context())
	if err == nil || !strings.Contains(err.Error(), path+": no portcullis listens there") {
		t.Error(err)
	}
	stale(t, path)
	if _, err = NewClient(path).Interfaces(t.Context()); err == nil || !strings.Contains(err.Error(), "no portcullis listens there") {
		t.Error(err)
	}
}

// stale leaves a socket behind as a killed run does.
func stale(t *testing.T, path string) {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
}

func TestSetupRate(t *testing.T) {
	var r rate
	at := time.Unix(1000, 0)
	if r.sample(500, at); r.read() != 0 {
		t.Errorf("%v at the first sample", r.read())
	}
	if r.sample(530, at.Add(2*time.Second)); r.read() != 15 {
		t.Errorf("%v, want 15", r.read())
	}
}

// Whatever happens to the table during a walk, no serial is met twice.
func TestWalkOfAMovingTable(t *testing.T) {
	table := session.NewTable(1000, 1, 0)
	begin := func(n int) {
		s := table.New()
		s.Key[0] = packet.Key{Proto: 17, Src: packet.MustAddr("10.0.0.1"), Dst: packet.MustAddr(fmt.Sprintf("10.9.%d.%d", n>>8, n&255)), SrcPort: 1, DstPort: 1}
		s.Key[1] = s.Key[0].Reply()
		if table.Insert(s, 0) != nil {
			t.Fatal("clash")
		}
	}
	n := 0
	for ; n < 500; n++ {
		begin(n)
	}
	seen, cursor := map[uint32]bool{}, uint32(0)
	for {
		cursor = table.Walk(cursor, 64, func(s *session.Session) {
			if seen[s.ID] {
				t.Errorf("serial %d twice", s.ID)
			}
			if seen[s.ID] = true; s.ID%3 == 0 {
				table.Remove(s)
			}
		})
		if cursor == 0 {
			break
		}
		for range 5 {
			begin(n)
			n++
		}
	}
	if len(seen) < 500 {
		t.Errorf("%d of 500 met", len(seen))
	}
	if err := table.CheckInvariants(); err != nil {
		t.Error(err)
	}
}
