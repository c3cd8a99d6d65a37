package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// print writes the table and what has to be explained about it.
func print(out io.Writer, all []*result) error {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "protocol\tfiles\trows\tto open\tfound\trecall\texpected\twrong\tprecision\tflows\tat their frame\t")
	for _, r := range all {
		may, found := r.found()
		flows, accepted := r.children()
		recall, precision := fmt.Sprintf("%.3f", r.recall()), fmt.Sprintf("%.3f", r.precision())
		if may == 0 {
			recall = "-"
		}
		if r.expected == 0 {
			precision = "-"
		}
		if !r.built && may > 0 {
			recall = "no helper"
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%d\t%s\t%d\t%d\t%s\t%d\t%d\t\n",
			r.protocol, r.files, len(r.rows), may, found, recall, r.expected, len(r.wrong), precision, flows, accepted)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	silent, opened := 0, 0
	for _, r := range all {
		silent += r.silent
		for _, x := range r.wrong {
			fmt.Fprintf(&b, "wrong: %s: %v: %s\n", x.file, &x.Event, x.why)
		}
		opened += r.openedInSilence()
	}
	for _, r := range all {
		if r.calls > 0 {
			fmt.Fprintf(&b, "%s: beside these %d ways by which who registered is called, of which the truth says nothing\n", r.protocol, r.calls)
		}
	}
	fmt.Fprintf(&b, "\nfiles in which nothing is to be opened: %d, expectations there: %d\n", silent, opened)
	missed(&b, all)
	explain(&b, all)
	_, err := io.WriteString(out, b.String())
	return err
}

// openedInSilence counts what was expected in files in which nothing is to be.
func (r *result) openedInSilence() (n int) {
	loud := map[string]bool{}
	for _, v := range r.rows {
		loud[v.file] = loud[v.file] || v.why == ""
	}
	for _, x := range r.wrong {
		if !loud[x.file] {
			n++
		}
	}
	return n
}

// missed lists what was not found and should have been.
func missed(b *strings.Builder, all []*result) {
	for _, r := range all {
		for _, v := range r.rows {
			switch {
			case !r.built || v.why != "":
			case !v.found:
				fmt.Fprintf(b, "missed: %s: frame %d announces %s %v port %d\n", v.file, v.frame, v.proto, v.dst, v.port)
			case v.observed && !v.child:
				fmt.Fprintf(b, "not accepted: %s: frame %d is the first of %s %v port %d\n", v.file, v.first, v.proto, v.dst, v.port)
			}
		}
	}
}

// explain says which rows a strict firewall does not open, and why.
func explain(b *strings.Builder, all []*result) {
	type group struct{ file, why string }
	var order []group
	count := map[group]int{}
	for _, r := range all {
		for _, v := range r.rows {
			if v.why == "" {
				continue
			}
			g := group{v.file, v.why}
			if count[g] == 0 {
				order = append(order, g)
			}
			count[g]++
		}
	}
	if len(order) > 0 {
		fmt.Fprintln(b, "\nrows that a strict firewall does not open:")
	}
	for _, g := range order {
		fmt.Fprintf(b, "  %s: %d: %s\n", g.file, count[g], g.why)
	}
}
