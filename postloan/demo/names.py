"""Who borrows and with whom they trade. All names are invented; trade, goods, street and area agree."""

from __future__ import annotations

from dataclasses import dataclass

CORPORATE, SOLE_TRADER, PERSONAL = "法人", "个体", "个人"


@dataclass(frozen=True)
class Profile:
    """A borrower as the customer file knows it. `keepers` are 客户经理, 风险经理 and 经营主责任人."""

    key: str
    name: str
    kind: str
    industry: str
    area: str
    address: str
    business: str
    rating: str
    legal: str = ""
    home: str = "工人支行"
    keepers: tuple[str, str, str] = ("10021", "10032", "10002")


def _firm(key: str, name: str, trade: str, place: str, business: str, who: str, keepers: str) -> Profile:
    industry, rating = trade.split("/")
    area, address = place.split("/")
    manager, risk, principal = keepers.split()
    home = "城东支行" if manager.startswith("2") else "工人支行"
    kind = SOLE_TRADER if manager in {"10024", "20022"} else CORPORATE
    return Profile(
        key, name, kind, industry, area, address, business, rating, who, home, (manager, risk, principal)
    )


def _person(key: str, name: str, trade: str, place: str, keepers: str) -> Profile:
    industry, business, rating = trade.split("/")
    area, address = place.split("/")
    manager, risk, principal = keepers.split()
    home = "城东支行" if manager.startswith("2") else "工人支行"
    return Profile(
        key, name, PERSONAL, industry, area, address, business, rating, "", home, (manager, risk, principal)
    )


# 陈晓岚 10021, 黄志勇 10022, 邓文婷 10023 for companies; 万磊 10024 for sole traders; 罗雨晴 10025 for persons.
_CHEN, _HUANG, _DENG = "10021 10032 10002", "10022 10032 10001", "10023 10033 10002"
_WAN, _LUO = "10024 10033 10002", "10025 10033 10002"
_EAST, _EAST_RETAIL = "20021 20032 20001", "20022 20032 20001"

FIRMS = (
    _firm("poyang", "鄱阳湖水产股份有限公司", "水产品加工/BBB", "进贤片区/南昌市进贤县军山湖大道18号",
          "淡水鱼、河蟹收购、冷冻加工与销售", "吴水根", _CHEN),
    _firm("tiangong", "江西天工电气有限公司", "电气机械和器材制造业/AA", "高新片区/南昌市高新区紫阳大道266号",
          "高低压成套开关设备、配电箱制造", "章建文", _CHEN),
    _firm("ruifeng", "江西瑞丰粮油有限公司", "农副食品加工业/A", "昌南片区/南昌市南昌县向塘镇粮库路9号",
          "稻谷收购、大米加工、食用植物油批发", "涂国良", _CHEN),
    _firm("mingyuan", "南昌明远贸易有限公司", "批发业/A", "西湖片区/南昌市西湖区站前西路77号",
          "钢材、铝型材批发", "喻明远", _CHEN),
    _firm("newmat", "江西赣江新材料有限公司", "化学原料和化学制品制造业/A", "经开片区/南昌市经开区玉屏东大街128号",
          "改性塑料粒子、阻燃母料制造", "胡启华", _CHEN),
    _firm("jinxiu", "南昌锦绣纺织有限公司", "纺织业/BBB", "青山湖片区/南昌市青山湖区塘山镇纺织工业园6号",
          "针织坯布、针织服装加工出口", "邹桂花", _CHEN),
    _firm("yitong", "南昌亿通汽车销售服务有限公司", "零售业/BB", "青云谱片区/南昌市青云谱区迎宾北大道533号",
          "品牌汽车销售、维修与配件", "刘振东", _CHEN),
    _firm("ganchang", "江西赣昌机械有限公司", "通用设备制造业/A", "青云谱片区/南昌市青云谱区昌南工业园8号",
          "离心风机、工业水泵制造", "龚长庚", _HUANG),
    _firm("kanghe", "江西康禾医药有限公司", "批发业/AA", "高新片区/南昌市高新区火炬大街589号",
          "药品、医疗器械配送", "余静", _HUANG),
    _firm("dingfeng", "南昌鼎丰建筑工程有限公司", "房屋建筑业/A", "红谷滩片区/南昌市红谷滩区丰和中大道1198号",
          "房屋建筑与市政工程施工总承包", "魏建军", _HUANG),
    _firm("yunling", "江西云岭茶业有限公司", "酒、饮料和精制茶制造业/BBB", "东湖片区/南昌市东湖区叠山路205号",
          "绿茶、红茶精制与专卖", "余云生", _HUANG),
    _firm("baichuan", "南昌百川物流有限公司", "道路运输业/A", "昌南片区/南昌市南昌县向塘物流园3号",
          "公路整车与零担货运、仓储", "程海波", _HUANG),
    _firm("shenghe", "南昌盛和酒店管理有限公司", "住宿业/BBB", "西湖片区/南昌市西湖区八一大道369号",
          "酒店经营管理、餐饮服务", "曾丽萍", _HUANG),
    _firm("jinzhang", "江西金樟家具有限公司", "家具制造业/B", "新建片区/南昌市新建区长堎工业园21号",
          "实木家具、定制橱柜制造", "谌金水", _HUANG),
    _firm("hongsheng", "江西宏盛铜业有限公司", "有色金属冶炼和压延加工业/CCC", "经开片区/南昌市经开区白水湖工业园15号",
          "铜杆、铜排加工", "廖宏盛", _HUANG),
    _firm("jingyuan", "江西景源陶瓷有限公司", "非金属矿物制品业/BBB", "新建片区/南昌市新建区望城大道99号",
          "日用陶瓷、艺术陶瓷制造", "江景明", _DENG),
    _firm("lvye", "江西绿野农业开发有限公司", "农业/A", "进贤片区/南昌市进贤县温圳镇农场路1号",
          "设施蔬菜、早熟梨种植与冷链配送", "徐金保", _DENG),
    _firm("xinghuo", "南昌星火包装印刷有限公司", "印刷和记录媒介复制业/A", "青山湖片区/南昌市青山湖区昌东大道7199号",
          "彩盒、瓦楞纸箱印刷", "熊星", _DENG),
    _firm("xinyuan", "江西信远电子科技有限公司", "计算机、通信和其他电子设备制造业/AA",
          "高新片区/南昌市高新区艾溪湖北路88号", "手机摄像模组、精密连接器制造", "周信", _DENG),
    _firm("anshun", "江西安顺新能源有限公司", "电力、热力生产和供应业/AA", "新建片区/南昌市新建区樵舍镇光伏路2号",
          "分布式光伏电站投资与运营", "梁安", _DENG),
    _firm("huatai", "南昌华泰钢贸有限公司", "批发业/C", "青山湖片区/南昌市青山湖区洪都中大道钢材市场12栋",
          "螺纹钢、板材批发", "裘国泰", _DENG),
    _firm("hanlin", "江西翰林印务有限公司", "印刷和记录媒介复制业/A", "东湖片区/南昌市东湖区阳明路310号",
          "教材教辅、画册印刷", "汪翰", _DENG),
    _firm("dongyuan", "江西东源食品有限公司", "食品制造业/A", "城东片区/南昌市青山湖区京东大道1668号",
          "米粉、藜蒿腊味等速食制造", "樊东", _EAST),
    _firm("zhengxing", "南昌正兴塑料制品有限公司", "橡胶和塑料制品业/BBB", "城东片区/南昌市青山湖区罗家镇工业路5号",
          "塑料管材、周转箱制造", "聂正兴", _EAST),
)  # fmt: skip

TRADERS = (
    _firm("hengda", "南昌恒达建材商行", "零售业/良好", "青云谱片区/南昌市青云谱区解放西路建材市场B区16号",
          "瓷砖、水泥、防水材料零售", "付恒达", _WAN),
    _firm("xieji", "青山湖区老谢家常菜馆", "餐饮业/良好", "青山湖片区/南昌市青山湖区南京东路432号",
          "赣菜堂食与外卖", "谢春生", _WAN),
    _firm("xinyue", "红谷滩区新月烘焙店", "餐饮业/优质", "红谷滩片区/南昌市红谷滩区绿茵路669号",
          "面包、蛋糕现制现售", "宋新月", _WAN),
    _firm("shunxin", "西湖区顺心五金经营部", "零售业/一般", "西湖片区/南昌市西湖区桃苑大街58号",
          "五金工具、水暖器材零售", "艾顺心", _WAN),
    _firm("wenhua", "进贤县文华毛笔作坊", "文教、工美、体育和娱乐用品制造业/良好",
          "进贤片区/南昌市进贤县文港镇前途街27号", "毛笔、文房用品制作与网上销售", "周文华", _WAN),
    _firm("chunyan", "青山湖区春燕服装店", "零售业/良好", "城东片区/南昌市青山湖区湖坊镇顺外路88号",
          "女装零售", "李春燕", _EAST_RETAIL),
)  # fmt: skip

PERSONS = (
    _person("wanqiang", "万志强", "公共管理/区属事业单位职员/优质", "红谷滩片区/南昌市红谷滩区赣江北大道1号院3栋602室",
            _LUO),
    _person("huling", "胡小玲", "教育/中学教师/优质", "东湖片区/南昌市东湖区子固路156号2单元501室", _LUO),
    _person("zengwei", "曾伟", "制造业/电子厂工程师/良好", "高新片区/南昌市高新区创新二路200号8栋1203室", _LUO),
    _person("pengfang", "彭芳", "卫生/医院护士/优质", "西湖片区/南昌市西湖区抚生路369号6栋804室", _LUO),
    _person("lijun", "黎军", "建筑业/施工项目经理/一般", "昌南片区/南昌市南昌县莲塘镇澄湖北大道77号5栋302室", _LUO),
    _person("tujuan", "涂娟", "批发业/服装批发个人经营/一般", "西湖片区/南昌市西湖区洪城路628号11栋1505室", _LUO),
    _person("yuhai", "余海", "交通运输业/货运司机/一般", "青云谱片区/南昌市青云谱区施尧路25号1栋201室", _LUO),
    _person("zhouli", "周丽", "金融业/保险公司职员/良好", "红谷滩片区/南昌市红谷滩区碟子湖大道555号2栋2101室", _LUO),
    _person("xiongbo", "熊波", "信息技术/软件公司程序员/优质", "高新片区/南昌市高新区昌东大道8000号7栋902室", _LUO),
    _person("wumei", "吴梅", "居民服务业/美容店店主/一般", "青山湖片区/南昌市青山湖区上海路159号4栋405室", _LUO),
    _person("deng", "邓国平", "制造业/机械厂技工/一般", "城东片区/南昌市青山湖区高新大道1888号9栋303室", _EAST_RETAIL),
    _person("shen", "谌慧", "教育/幼儿园园长/良好", "城东片区/南昌市青山湖区火炬大街201号3栋1101室", _EAST_RETAIL),
)  # fmt: skip

BORROWERS = FIRMS + TRADERS + PERSONS

# Counterparties by trade: (who pays them, whom they pay). The names name no company that exists.
PARTNERS = {
    "水产品加工": (("江城鲜汇水产批发部", "洪州万家超市有限公司", "赣北冷鲜配送有限公司"),
              ("军山湖渔业养殖合作社", "瑞昌网箱养殖合作社", "昌进冷链设备有限公司")),
    "电气机械和器材制造业": (("赣中电力物资有限公司", "洪州城建安装有限公司", "抚河工业设备有限公司"),
                   ("昌北铜材有限公司", "江右断路器配件有限公司", "樟树线缆有限公司")),
    "农副食品加工业": (("洪州万家超市有限公司", "赣抚粮油批发部", "昌都食堂配送有限公司"),
                ("向塘粮食购销站", "丰城粮食种植合作社", "余干稻谷购销合作社")),
    "批发业": (("赣北建设集团物资部", "抚河工业设备有限公司", "洪州城建安装有限公司"),
            ("江右冶金销售有限公司", "九岭金属有限公司", "新余板材经销有限公司")),
    "化学原料和化学制品制造业": (("昌北家电配件有限公司", "抚河工业设备有限公司", "赣东汽车内饰有限公司"),
                     ("浔阳石化销售有限公司", "九岭化工有限公司", "樟树助剂有限公司")),
    "纺织业": (("江右服饰进出口有限公司", "赣东童装有限公司", "洪州针织贸易有限公司"),
            ("奉新棉纱有限公司", "共青纱线有限公司", "昌南染整有限公司")),
    "零售业": (("个人客户零售收款", "赣中出租汽车有限公司", "昌都食堂配送有限公司"),
            ("江右汽车贸易有限公司", "九岭建材经销部", "樟树配件有限公司")),
    "餐饮业": (("第三方支付备付金结算", "个人客户零售收款", "洪州团餐服务部"),
            ("昌南农副产品批发部", "赣抚粮油批发部", "青岚湖水产行")),
    "住宿业": (("第三方支付备付金结算", "赣中旅行社有限公司", "江右会展服务有限公司"),
            ("昌都布草洗涤有限公司", "昌南农副产品批发部", "洪州装饰工程有限公司")),
    "制造": (("抚河工业设备有限公司", "洪州万家超市有限公司", "江右进出口贸易有限公司"),
           ("九岭原材料有限公司", "昌北包装材料有限公司", "樟树配件有限公司")),
    "服务": (("赣中电力物资有限公司", "江右进出口贸易有限公司", "洪州城建安装有限公司"),
           ("昌北成品油销售有限公司", "九岭设备租赁有限公司", "洪州劳务服务有限公司")),
}  # fmt: skip

OTHER_BANKS = ("江南商业银行南昌分行", "赣水银行营业部", "豫章农村合作银行", "滕阁银行红谷滩支行")


def partners_of(industry: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Customers and suppliers of a trade."""
    if industry in PARTNERS:
        return PARTNERS[industry]
    services = ("建筑", "运输", "电力", "农业")
    return PARTNERS["服务" if any(word in industry for word in services) else "制造"]
