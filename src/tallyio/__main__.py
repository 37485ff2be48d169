from tallyio.cli.main import main

main()
