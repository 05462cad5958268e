"""What Telegram tells us: residents who press "start", write "/stop" or block the bot.

dialogue    what an update asks for, and what is answered
polling     `worker.py telegram`: asks for updates, where no webhook brings them (web.telegram)
"""
