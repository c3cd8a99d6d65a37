// Command oracle asks an Oracle listener for a session and says how that went. It
// is a module of its own so that nothing else needs a client of Oracle.
package main

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"time"

	_ "github.com/sijms/go-ora/v2"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: oracle HOST:PORT")
		os.Exit(2)
	}
	if err := ask(os.Args[1]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func ask(listener string) error {
	db, err := sql.Open("oracle", "oracle://user:password@"+listener+"/service")
	if err != nil {
		return err
	}
	defer db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return db.PingContext(ctx)
}
