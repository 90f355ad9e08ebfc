// PocketBase as a framework, for `make bench`: what a user might have instead of Berth's metadata and API.
package main

import (
	"log"

	"github.com/pocketbase/pocketbase"
)

func main() {
	if err := pocketbase.New().Start(); err != nil {
		log.Fatal(err)
	}
}
