package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"portcullis/lab"
	"portcullis/lab/peer"
	"portcullis/lab/tool"
)

const (
	matrixFile = "data.bin"
	matrixSize = 100_000
	// sideBySide is how many transfers are made at a time.
	sideBySide = 8
	// mostLines is how much of a conversation that went astray is shown.
	mostLines = 16
	// patience is how long a client waits for what will not come.
	patience = 3 * time.Second
)

// cell is one cell of the table and the transfers that fill it.
type cell struct {
	way     way
	pairing pairing
	tries   []*try
	full    chan struct{} // closed when all are made
}

// try is one transfer.
type try struct {
	client client
	daemon daemon
	got    *tool.FTPFetched
	whole  bool  // the content came, and is that of the server
	err    error // of the lab
}

func (t *try) String() string { return t.client.name + " and " + t.daemon.name }

// contents is a directory with files of the servers and clients, and what the
// servers serve.
type contents struct {
	dir, files, certificate string
	content                 []byte
}

func newContents() (*contents, error) {
	dir, err := os.MkdirTemp("", "portcullis-lab-")
	if err != nil {
		return nil, err
	}
	c := &contents{dir: dir, files: filepath.Join(dir, "files"), content: make([]byte, matrixSize)}
	rand.Read(c.content) // never fails
	err = os.Mkdir(c.files, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(c.files, matrixFile), c.content, 0o644)
	}
	if err == nil {
		c.certificate, err = tool.Certificate(dir)
	}
	if err != nil {
		c.remove()
		return nil, err
	}
	return c, nil
}

func (c *contents) remove() { os.RemoveAll(c.dir) }

// serve starts both daemons with every setting, at the public and at the
// private servers' place.
func (c *contents) serve(ctx context.Context, star *lab.Star) error {
	var jobs []func() error
	for _, place := range []string{"public", "private"} {
		for _, d := range daemons {
			for _, port := range []uint16{plainPort, rangePort, announcePort, implicitPort} {
				s := tool.FTPServer{Dir: c.files, Addr: d.own(place), Port: port, Certificate: c.certificate,
					Low: 50000, High: 50099, Implicit: port == implicitPort, Promiscuous: true}
				switch port {
				case plainPort:
					s.Low, s.High = 40000, 40099
				case announcePort:
					s.Announce = d.announced(place)
				}
				jobs = append(jobs, func() error {
					dir, err := os.MkdirTemp(c.dir, d.name+"-")
					if err == nil {
						_, err = d.start(ctx, star.Host(place+" server"), dir, s)
					}
					return err
				})
			}
		}
	}
	return together(jobs)
}

// together runs all jobs at once, waits for them and returns the first error.
func together(jobs []func() error) error {
	errs := make([]error, len(jobs))
	var all sync.WaitGroup
	for i, job := range jobs {
		all.Go(func() { errs[i] = job() })
	}
	all.Wait()
	return cmp.Or(errs...)
}

// cells are all cells, those of one pairing after those of another.
func cells() (list []*cell) {
	for _, p := range pairings {
		for _, w := range ways {
			c := &cell{way: w, pairing: p, full: make(chan struct{})}
			for _, d := range daemons {
				for _, cl := range w.clients() {
					c.tries = append(c.tries, &try{client: cl, daemon: d})
				}
			}
			list = append(list, c)
		}
	}
	return list
}

// fill makes every transfer, several side by side, cell after cell.
func (c *contents) fill(ctx context.Context, star *lab.Star, list []*cell) {
	slots := make(chan struct{}, sideBySide)
	for _, cell := range list {
		var tries sync.WaitGroup
		for _, t := range cell.tries {
			slots <- struct{}{}
			tries.Go(func() {
				defer func() { <-slots }()
				t.err = c.transfer(ctx, star, cell, t)
			})
		}
		go func() { tries.Wait(); close(cell.full) }()
	}
}

// transfer makes one transfer. What is to fail has less time for it.
func (c *contents) transfer(ctx context.Context, star *lab.Star, cell *cell, t *try) (err error) {
	f := cell.way.fetch
	f.File, f.Server = matrixFile, netip.AddrPortFrom(t.daemon.announced(cell.pairing.server), cell.way.port)
	f.Patience = 3 * patience
	if !cell.way.works(cell.pairing) {
		f.Patience = patience
	}
	ctx, cancel := context.WithTimeout(ctx, f.Patience+patience/3)
	defer cancel()
	t.got, err = t.client.fetch(ctx, star.Host(cell.pairing.client+" client"), c.dir, f)
	t.whole = err == nil && t.got.Got(c.content)
	return err
}

// playMatrix fills the table and shows it.
func playMatrix(s *stage) error {
	c, err := newContents()
	if err != nil {
		return err
	}
	defer c.remove()
	s.out.doing("servers")
	begin := time.Now()
	if err := c.serve(s, s.star); err != nil {
		return err
	}
	list := cells()
	s.check(true, "vsftpd and proftpd serve at both places, with four settings each", time.Since(begin))
	go c.fill(s, s.star, list)
	for i, cell := range list {
		if i == 0 || cell.pairing != list[i-1].pairing {
			s.out.line("   %s", s.out.paint(bold, cell.pairing.String()))
		}
		s.out.doing(cell.way.title)
		<-cell.full
		if err := s.tell(cell); err != nil {
			return err
		}
	}
	if err := s.closed(); err != nil {
		return err
	}
	s.out.matrix(list)
	return nil
}

// tell tells whether a cell came out as it must, and why that is so.
func (s *stage) tell(c *cell) error {
	works := c.way.works(c.pairing)
	var astray []*try
	var took time.Duration
	for _, t := range c.tries {
		if t.err != nil {
			return t.err
		}
		took = max(took, t.got.Took)
		if t.whole != works || !works && !c.proven(t) {
			astray = append(astray, t)
		}
	}
	why := c.way.why
	if !works {
		why = "no: " + c.way.obstacle(c.pairing)
	}
	text := c.way.title + ": " + why
	if len(astray) > 0 { // it is told again at the end, where nobody knows of whom it speaks
		text = c.pairing.String() + ": " + text + strayed(astray, works)
	}
	s.check(len(astray) == 0, text, took)
	for _, t := range astray {
		s.out.quote(t.String() + ":")
		s.quoteLines(strings.Join(t.got.Lines[max(0, len(t.got.Lines)-mostLines):], "\n"))
	}
	if len(astray) == 0 {
		s.out.quote(c.tries[0].evidence(c.way))
	}
	return nil
}

// proven reports whether a transfer failed of what it had to fail of: the
// client was in, and the conversation shows the obstacle.
func (c *cell) proven(t *try) bool { return said("< 230")(t.got) && c.way.proof(t.got) }

func strayed(tries []*try, works bool) string {
	if len(tries) == 0 {
		return ""
	}
	var names []string
	for _, t := range tries {
		names = append(names, t.String())
	}
	if works {
		return "; it did not work with " + strings.Join(names, ", ")
	}
	return "; it was not this that happened with " + strings.Join(names, ", ")
}

// evidence is what of a conversation shows what happened.
func (t *try) evidence(w way) string {
	parts := []string{t.String() + ":"}
	if w.fetch.Active {
		parts = append(parts, t.got.Last("> PORT"))
	} else {
		parts = append(parts, t.got.Last("< 227", "< 229"))
	}
	if t.whole {
		parts = append(parts, t.got.Last("< 226"))
	} else {
		parts = append(parts, t.got.Last("* curl:", "< 4", "< 5", "* "))
	}
	return strings.Join(parts, "  ")
}

// closed expects that the ranges are closed again, soon after the last control
// connection has ended. Some end late: a server whose client has gone away may
// wait on for a data connection.
func (s *stage) closed() error {
	for _, d := range daemons {
		to := netip.AddrPortFrom(d.announced("private"), 50050)
		s.out.doing(fmt.Sprintf("TCP to %s", to))
		for begin := time.Now(); ; {
			mark := s.fw.Mark()
			p, err := peer.TCPProbe(s, s.star.Host("public client"), to)
			if err != nil {
				return err
			}
			_, denied := s.fw.Await(mark, time.Second, func(r lab.Record) bool {
				return r.Match("proto=6", "action=deny", "policyid=0", pair("dstport", to.Port()))
			})
			if denied || time.Since(begin) > 10*time.Second {
				s.check(denied, fmt.Sprintf("afterwards, TCP to %s is denied by policy 0: %s", to, outcome(p)), time.Since(begin))
				break
			}
		}
	}
	return nil
}

// matrix shows the whole table.
func (p *printer) matrix(list []*cell) {
	p.line("\n   %s", p.paint(bold, "The whole table"))
	rows := [][]string{{"client"}, {"server"}}
	for _, pairing := range pairings {
		rows[0] = append(rows[0], pairing.client)
		rows[1] = append(rows[1], pairing.server)
	}
	for i, w := range ways {
		row := []string{w.title}
		for j := range pairings {
			row = append(row, list[j*len(ways)+i].outcome())
		}
		rows = append(rows, row)
	}
	for i, row := range table(rows) {
		if i < 2 {
			row = p.paint(faint, row)
		}
		p.line("   %s", row)
	}
}

// outcome is what became of the transfers of a cell.
func (c *cell) outcome() string {
	works := 0
	for _, t := range c.tries {
		if t.whole {
			works++
		}
	}
	switch works {
	case 0:
		return "no"
	case len(c.tries):
		return "works"
	default:
		return fmt.Sprintf("%d of %d work", works, len(c.tries))
	}
}
