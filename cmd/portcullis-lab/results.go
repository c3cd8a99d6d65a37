package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// results gathers figures by name and rival.
type results struct {
	machine machine
	values  map[string]map[string][]float64
}

// machine is what a table of figures means nothing without.
type machine struct {
	CPU      string
	CPUs     int
	Kernel   string
	Go       string
	Runs     int
	Duration time.Duration
}

func newResults(b *bench) *results {
	m := machine{CPU: cpuModel(), CPUs: runtime.NumCPU(), Go: runtime.Version(), Runs: b.runs, Duration: b.duration}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		m.Kernel = unix.ByteSliceToString(u.Release[:])
	}
	return &results{machine: m, values: make(map[string]map[string][]float64)}
}

func (r *results) add(figure, rival string, value float64) {
	if r.values[figure] == nil {
		r.values[figure] = make(map[string][]float64)
	}
	r.values[figure][rival] = append(r.values[figure][rival], value)
}

// row is one figure's medians.
type row struct {
	Figure             string
	Unit               string
	Portcullis, Kernel float64
	Cable              float64 `json:",omitempty"`
	Ratio              float64 `json:",omitempty"` // portcullis to kernel, where that says anything
}

// report is what is written as JSON.
type report struct {
	Machine machine
	Rows    []row
}

func (r *results) report() report {
	rep := report{Machine: r.machine}
	for _, f := range figures {
		v := r.values[f.name]
		rep.Rows = append(rep.Rows, newRow(f.name, f.unit, median(v["portcullis"]), median(v["kernel"]), median(v["cable"])))
		if f.less { // what each adds to a bare cable
			bare := median(v["cable"])
			rep.Rows = append(rep.Rows, newRow("added "+f.name, f.unit, median(v["portcullis"])-bare, median(v["kernel"])-bare, 0))
		}
	}
	return rep
}

func newRow(figure, unit string, portcullis, kernel, cable float64) row {
	r := row{Figure: figure, Unit: unit, Portcullis: portcullis, Kernel: kernel, Cable: cable}
	if portcullis > 0 && kernel > 0 {
		r.Ratio = portcullis / kernel
	}
	return r
}

func (r *results) print(p *printer) {
	rep := r.report()
	rows := [][]string{{"", "unit", "portcullis", "kernel", "ratio", "cable"}}
	for _, row := range rep.Rows {
		rows = append(rows, []string{row.Figure, row.Unit, number(row.Portcullis), optional(row.Kernel), optional(row.Ratio), optional(row.Cable)})
	}
	for i, line := range table(rows) {
		if i == 0 {
			line = p.paint(bold, line)
		}
		p.line("%s", line)
	}
	m := rep.Machine
	p.line("\n%s, %d CPUs, Linux %s, %s; medians of %d runs of %v each.", m.CPU, m.CPUs, m.Kernel, m.Go, m.Runs, m.Duration)
	p.line("Kernel: nftables, stateful forward policy and masquerade. Portcullis: one policy, service ALL, nat enable.")
	p.line("SIP: the helper \"sip\" of either, which rewrites five endpoints of each message, and its length, and opens two flows.")
	p.line("Connections are closed by reset. Client, firewall and server share the CPUs.")
}

func number(v float64) string {
	switch {
	case v >= 1000:
		return fmt.Sprintf("%.0f", v)
	case v >= 100:
		return fmt.Sprintf("%.1f", v)
	default:
		return fmt.Sprintf("%.2f", v)
	}
}

// optional leaves the cell of a missing value empty.
func optional(v float64) string {
	if v == 0 {
		return ""
	}
	return number(v)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
